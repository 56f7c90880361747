"""The function that pushes, under the role that it has with each channel: what it calls, and nothing else."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.functions import Functions
from local.template import load
from parley.adapters.notifications import vapid
from tests.functional.notifying import pushes, pushing, register, rows_of
from tests.functional.talk import meet, say
from tests.harness import Call, Parley
from tests.harness.calls import Recorder, aws_refusal
from tests.harness.documents import TEMPLATE
from tests.harness.iam import Checker

HOST_TOPIC = "pushes"


class Disabled:
    """A hook: SNS answers that an endpoint is disabled, as it does after the platform refused its token."""

    def before(self, call: Call) -> None:
        if call.operation == "Publish" and "TargetArn" in call.params:
            raise aws_refusal(call, "EndpointDisabled", "Endpoint is disabled")

    def after(self, call: Call) -> None:
        pass


@pytest.fixture(autouse=True)
def without_a_kept_key() -> Iterator[None]:
    vapid.forget_key()
    yield
    vapid.forget_key()


def conversation(parley: Parley) -> str:
    """Returns a direct conversation of alice and bob, in which bob has read everything."""
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    bob.patch(f"/conversations/{conversation_id}/read-all")
    parley.drain()
    return conversation_id


def with_parameters(parley: Parley, **parameters: str) -> tuple[Checker, Recorder]:
    """Gives each function the role that it has with these parameters."""
    template = load(TEMPLATE, parameters, parley.template.place)
    checker, recorder = Checker(template, Functions(template)), Recorder()
    parley.hooks[:] = [checker, recorder]
    return checker, recorder


def applications(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Returns platform applications of SNS, by parameter."""
    found = {}
    for kind, platform in (("Apns", "APNS"), ("Fcm", "GCM")):
        secret = {"PlatformCredential": "key", "PlatformPrincipal": "certificate"}
        made = parley.store.client("sns").create_platform_application(Name=kind, Platform=platform, Attributes=secret)
        found[f"{kind}ApplicationArn"] = made["PlatformApplicationArn"]
        monkeypatch.setenv(f"{kind.upper()}_APPLICATION_ARN", made["PlatformApplicationArn"])
    return found


def published(recorder: Recorder) -> list[dict[str, Any]]:
    return [call.params for call in recorder.calls if call.operation == "Publish"]


def test_a_browser_gets_a_push_with_the_key_of_the_deployments_own_secret(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation_id = conversation(parley)
    arn = parley.store.client("secretsmanager").create_secret(Name="web-push", SecretString="s" * 64)["ARN"]
    with pushing(parley, monkeypatch) as service:
        monkeypatch.delenv("WEB_PUSH_SECRET")
        monkeypatch.setenv("WEB_PUSH_SECRET_ARN", arn)
        register(parley, service, "bob")
        checker, _ = with_parameters(parley, WebPushContact="mailto:a@example.org", WebPushSecretArn=arn)
        say(parley.user("alice"), conversation_id, "hello")
        parley.drain()

        assert [each["text"] for each in pushes(service, "bob")] == ["hello"]
    assert checker.violations == []
    parley.store.client("secretsmanager").delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


def test_a_browser_that_is_gone_is_removed_by_the_function_that_pushes(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation_id = conversation(parley)
    with pushing(parley, monkeypatch) as service:
        register(parley, service, "bob", "old")
        register(parley, service, "bob", "new")
        service.answer("bob-old", 410)
        say(parley.user("alice"), conversation_id, "hello")
        parley.drain()

        assert [each["text"] for each in pushes(service, "bob", "new")] == ["hello"]
    assert rows_of(parley, "bob")["~devices"]["devices"].keys() == {"new"}


def test_apps_get_a_push_and_one_that_is_disabled_is_removed(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    conversation_id = conversation(parley)
    arns = applications(parley, monkeypatch)
    checker, recorder = with_parameters(parley, **arns)
    for kind in ("apns", "fcm"):
        assert (
            parley.user("bob").put(f"/me/devices/{kind}", json={"kind": kind, "token": f"token-{kind}"}).status == 200
        )
    say(parley.user("alice"), conversation_id, "hello")
    parley.drain()

    messages = [json.loads(each["Message"]) for each in published(recorder)]
    assert sorted(platform for each in messages for platform in each) == ["APNS", "GCM", "default", "default"]
    assert all("hello" in json.dumps(each) for each in messages)
    parley.hooks.append(Disabled())
    parley.advance(60)
    say(parley.user("alice"), conversation_id, "are you there?")
    parley.drain()
    assert parley.user("bob").get("/me/devices").json["devices"] == []
    assert checker.violations == []


def test_a_host_that_pushes_itself_gets_the_push_of_somebody_without_devices(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation_id = conversation(parley)
    topic = parley.store.client("sns").create_topic(Name=HOST_TOPIC)["TopicArn"]
    monkeypatch.setenv("PUSH_TOPIC_ARN", topic)
    checker, recorder = with_parameters(parley, PushTopicArn=topic)
    say(parley.user("alice"), conversation_id, "hello")
    parley.drain()

    [message] = [json.loads(each["Message"]) for each in published(recorder)]
    assert (message["type"], message["user_id"], message["text"]) == ("push", "bob", "hello")
    assert checker.violations == []
