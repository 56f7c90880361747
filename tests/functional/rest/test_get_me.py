"""GET /me: the caller, and all that their client must know of this deployment."""

from collections.abc import Iterator

import pytest

from bench.calls import recording
from local.functions import Functions
from local.template import load
from parley.adapters.notifications import vapid
from parley.domain.release import VERSION
from tests.functional.replies import invalid, refusal
from tests.functional.talk import open_direct, say
from tests.harness import Parley
from tests.harness.documents import TEMPLATE
from tests.harness.iam import Checker
from tests.harness.web_push import decoded


def test_caller_is_as_token_and_host_say(parley: Parley) -> None:
    contexts = {"class": ["7b", "8a"], "booking": ["b1"]}
    alice = parley.user("alice", role="teacher", name="Alice Ä.", contexts=contexts)
    parley.user("backend", role="service").put("/users/alice", json={"name": "Another"})

    me = alice.get("/me").json

    assert {name: me[name] for name in ("id", "name", "role", "contexts", "show_last_seen")} == {
        "id": "alice", "name": "Another", "role": "teacher", "contexts": contexts, "show_last_seen": True
    }  # fmt: skip


def test_unread_is_what_the_count_says(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    say(bob, open_direct(alice, bob), "one", "two")

    unread = alice.get("/me").json["unread"]

    assert (
        unread
        == alice.get("/unread-count").json
        == {"total": 2, "conversations": 1, "capped": False, "tickets": {"total": 0, "conversations": 0}}
    )


def test_limits_and_timers_are_those_that_hold(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    hello = alice.connect().request("hello")["data"]

    me = alice.get("/me").json

    timers, sizes = me["timers"], me["sizes"]
    assert me["limits"] == hello["limits"]
    assert {name: timers[name] for name in timers if name in hello} == {
        name: hello[name] for name in ("heartbeat_s", "typing_resend_s", "typing_expires_s")
    }
    assert sizes["max_message_bytes"] == hello["max_message_bytes"]
    longest = {"text": "x" * sizes["max_text_characters"]}
    too_long = {"text": longest["text"] + "x"}
    path = f"/conversations/{conversation_id}/messages"
    assert [alice.post(path, json=draft).status for draft in (longest, too_long)] == [201, 400]
    assert [alice.get(f"/conversations?limit={sizes['max_page'] + more}").status for more in (0, 1)] == [200, 400]


def test_it_says_which_release_answers_and_so_does_the_greeting(parley: Parley) -> None:
    alice = parley.user("alice")

    me, hello = alice.get("/me").json, alice.connect().request("hello")["data"]

    assert me["version"] == hello["version"] == VERSION


def test_it_takes_two_round_trips(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    say(bob, open_direct(alice, bob), "one")
    parley.hooks.clear()  # the recorder looks at items under the functions' names, which their roles do not allow

    with recording() as recorded:
        alice.get("/me")

    assert recorded.round_trips <= 2


def test_host_is_answered_too(parley: Parley) -> None:
    assert parley.user("backend", role="service").get("/me").json["role"] == "service"


def test_it_takes_no_query(parley: Parley) -> None:
    assert refusal(parley.user("alice").get("/me?full=true")) == invalid(("?full", "unknown_field"))


@pytest.fixture
def without_a_kept_key() -> Iterator[None]:
    vapid.forget_key()
    yield
    vapid.forget_key()


def test_key_of_web_push_comes_from_secrets_manager_under_the_functions_own_role(
    parley: Parley, monkeypatch: pytest.MonkeyPatch, without_a_kept_key: None
) -> None:
    secrets = parley.store.client("secretsmanager")
    arn = secrets.create_secret(Name="web-push", SecretString="s" * 64)["ARN"]
    parameters = {"WebPushContact": "mailto:operator@example.org", "WebPushSecretArn": arn}
    with_push = load(TEMPLATE, parameters, parley.template.place)
    checker = Checker(with_push, Functions(with_push))
    monkeypatch.delenv("WEB_PUSH_SECRET")
    monkeypatch.setenv("WEB_PUSH_SECRET_ARN", arn)
    alice = parley.user("alice")
    parley.hooks[:] = [checker]

    with parley.watch() as calls:
        told = [alice.get("/me"), alice.patch("/me", json={"show_last_seen": False}), alice.get("/me")]
    vapid.forget_key()
    again = alice.patch("/me", json={"show_last_seen": True})

    keys = {reply.json["notifications"]["web_push_public_key"] for reply in (*told, again)}
    assert [len(decoded(key)) for key in keys] == [65]
    assert [call.operation for call in calls if call.service == "secretsmanager"] == ["GetSecretValue"]
    assert checker.violations == []
    secrets.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


def test_without_web_push_there_is_no_key(
    parley: Parley, monkeypatch: pytest.MonkeyPatch, without_a_kept_key: None
) -> None:
    monkeypatch.delenv("WEB_PUSH_SECRET")

    assert parley.user("alice").get("/me").json["notifications"] == {"web_push_public_key": None}


def test_a_secret_that_cannot_be_read_takes_nothing_else_away(
    parley: Parley, monkeypatch: pytest.MonkeyPatch, without_a_kept_key: None
) -> None:
    monkeypatch.delenv("WEB_PUSH_SECRET")
    monkeypatch.setenv("WEB_PUSH_SECRET_ARN", "arn:aws:secretsmanager:us-east-1:123456789012:secret:none")
    parley.hooks.clear()

    me = parley.user("alice").get("/me")

    assert (me.status, me.json["id"], me.json["notifications"]) == (200, "alice", {"web_push_public_key": None})
