"""PUT /me/devices/{device_id}: a browser or an app takes pushes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from local.functions import Functions
from local.template import load
from tests.functional.push_devices import ENDPOINT, KEYS, browser, put, registered, rows
from tests.functional.replies import Meanwhile, refusal
from tests.functional.talk import in_s
from tests.harness import Parley
from tests.harness.calls import Recorder
from tests.harness.documents import TEMPLATE
from tests.harness.iam import Checker
from tests.harness.web_push import encoded

FIRST, SECOND = f"{ENDPOINT}1", f"{ENDPOINT}2"


def test_a_browser_is_registered_and_its_keys_are_shown_to_nobody(parley: Parley) -> None:
    alice = parley.user("alice")

    reply = put(alice)

    assert reply.status == 200
    registered_at = in_s(parley, 0)
    assert reply.json == {"device_id": "laptop", "kind": "web_push", "registered_at": registered_at, "fault": None}
    assert alice.get("/me/devices").json == {"devices": [reply.json], "next": None}


def test_a_repeat_writes_nothing_within_a_day(parley: Parley) -> None:
    alice = parley.user("alice")
    first = put(alice).json
    before = rows(parley)

    parley.advance(23 * 3600)
    again = put(alice).json
    after = rows(parley)
    parley.advance(2 * 3600)
    later = put(parley.user("alice")).json

    assert (again, after) == (first, before)
    assert later["registered_at"] == in_s(parley, 0)


def test_new_keys_replace_the_old_ones(parley: Parley) -> None:
    alice = parley.user("alice")
    put(alice, body=browser(FIRST))

    put(alice, body=browser(SECOND))

    assert registered(alice) == ["laptop"]
    assert len(rows(parley)) == 2  # the devices, and whose the second endpoint is
    assert SECOND in "".join(rows(parley)) and FIRST + '"' not in "".join(rows(parley))


def test_an_endpoint_belongs_to_one_person_at_a_time(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    put(alice, "phone", browser(SECOND))
    put(alice, "laptop", browser(FIRST))

    put(bob, "shared", browser(FIRST))

    assert (registered(alice), registered(bob)) == (["phone"], ["shared"])
    put(alice, "laptop", browser(FIRST))
    assert (registered(alice), registered(bob)) == (["laptop", "phone"], [])


def test_an_endpoint_moves_between_the_ids_of_one_person(parley: Parley) -> None:
    alice = parley.user("alice")
    put(alice, "old")

    put(alice, "new")

    assert registered(alice) == ["new"]


def test_of_two_people_at_once_the_later_one_has_it(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    parley.hooks.append(Meanwhile("TransactWriteItems", lambda: put(bob)))

    assert put(alice).status == 200

    assert (registered(alice), registered(bob)) == (["laptop"], [])


def test_two_devices_at_once_are_both_there(parley: Parley) -> None:
    alice = parley.user("alice")
    parley.hooks.append(Meanwhile("TransactWriteItems", lambda: put(alice, "phone", browser(SECOND))))

    put(alice, "laptop", browser(FIRST))

    assert registered(alice) == ["laptop", "phone"]


def test_a_26th_device_is_refused_and_a_25th_may_be_replaced(parley: Parley) -> None:
    alice = parley.user("alice")
    for number in range(25):
        assert put(alice, f"d{number}", browser(f"{ENDPOINT}{number}")).status == 200

    assert refusal(put(alice, "d25", browser(f"{ENDPOINT}25")))[:2] == ("too_many_devices", 409)
    assert put(alice, "d24", browser(f"{ENDPOINT}25")).status == 200
    assert len(registered(alice)) == 25


def test_a_registration_that_a_sign_out_overtakes_registers_nothing(parley: Parley) -> None:
    alice, host = parley.user("alice"), parley.user("host", role="service")
    parley.advance(1)
    parley.hooks.append(Meanwhile("TransactWriteItems", lambda: host.post("/users/alice/sign-out")))

    reply = put(alice)

    assert (reply.status, reply.json["code"]) == (401, "signed_out")
    assert rows(parley) == []


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"endpoint": "http://push.example.org/x"}, "/endpoint", "https_only"),
        ({"endpoint": "https://127.0.0.1/x"}, "/endpoint", "private_address"),
        ({"endpoint": "https://[::ffff:10.0.0.1]/x"}, "/endpoint", "private_address"),
        ({"endpoint": "https://169.254.169.254/latest"}, "/endpoint", "private_address"),
        ({"endpoint": "https://localhost/x"}, "/endpoint", "private_address"),
        ({"endpoint": "https://a@push.example.org/x"}, "/endpoint", "bad_url"),
        ({"endpoint": "nothing"}, "/endpoint", "bad_url"),
        ({"endpoint": f"https://push.example.org/{'x' * 1000}"}, "/endpoint", "too_long"),
        ({"endpoint": None}, "/endpoint", "wrong_type"),
        ({"keys": KEYS | {"p256dh": KEYS["p256dh"][:-4]}}, "/keys/p256dh", "bad_format"),
        ({"keys": KEYS | {"p256dh": encoded(b"\x04" + bytes(64))}}, "/keys/p256dh", "bad_format"),
        ({"keys": KEYS | {"p256dh": "x" * 129}}, "/keys/p256dh", "too_long"),
        ({"keys": KEYS | {"auth": encoded(bytes(15))}}, "/keys/auth", "bad_format"),
        ({"keys": KEYS | {"auth": encoded(bytes(17))}}, "/keys/auth", "bad_format"),
        ({"keys": KEYS | {"auth": "a+b/"}}, "/keys/auth", "bad_format"),
        ({"keys": {"auth": KEYS["auth"]}}, "/keys/p256dh", "required"),
        ({"keys": KEYS | {"more": "x"}}, "/keys/more", "unknown_field"),
        ({"token": "abc"}, "/token", "unknown_field"),
        ({"kind": "pigeon"}, "/kind", "not_allowed"),
    ],
)
def test_bad_input_is_named(
    parley: Parley, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], pointer: str, code: str
) -> None:
    monkeypatch.delenv("ALLOW_PRIVATE_ADDRESSES", raising=False)
    reply = put(parley.user("alice"), body=browser() | change)

    assert (reply.status, reply.json["code"]) == (400, "invalid_request")
    assert [(each["pointer"], each["code"]) for each in reply.json["errors"]] == [(pointer, code)]
    assert rows(parley) == []


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        ("http://push.example.org/x", "begins with https"),
        ("https://127.0.0.1:7801", "everyone can reach"),
        ("https://a:b@push.example.org/x", "without a user"),
        ("https://push.example.org:22/x", "the port 443 or above"),
    ],
)
def test_each_wrong_endpoint_is_told_its_own_mistake(
    parley: Parley, monkeypatch: pytest.MonkeyPatch, endpoint: str, said: str
) -> None:
    monkeypatch.delenv("ALLOW_PRIVATE_ADDRESSES", raising=False)

    assert said in put(parley.user("alice"), body=browser(endpoint)).json["detail"]


@pytest.mark.parametrize("device_id", [".", "..", "%2e", "%2E%2e"])
def test_an_id_that_leads_elsewhere_in_a_path_is_refused(parley: Parley, device_id: str) -> None:
    alice = parley.user("alice")

    for reply in (put(alice, device_id), alice.delete(f"/me/devices/{device_id}")):
        assert [(each["pointer"], each["code"]) for each in reply.json["errors"]] == [("{device_id}", "bad_format")]
    assert put(alice, "...").status == put(alice, ".a").status == 200


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"kind": "web_push"}, "/endpoint", "required"),
        ({"kind": "web_push", "endpoint": ENDPOINT}, "/keys", "required"),
        ({}, "/kind", "required"),
    ],
)
def test_what_is_missing_is_named(parley: Parley, body: dict[str, Any], pointer: str, code: str) -> None:
    reply = put(parley.user("alice"), body=body)

    assert [(each["pointer"], each["code"]) for each in reply.json["errors"]] == [(pointer, code)]


@pytest.mark.parametrize("device_id", ["a b", "%C3%A4", "x" * 65, "a%2Fb"])
def test_an_id_of_a_device_has_a_form(parley: Parley, device_id: str) -> None:
    reply = put(parley.user("alice"), device_id)

    assert reply.status in (400, 404) and registered(parley.user("alice")) == []


@pytest.mark.parametrize("kind", ["apns", "fcm"])
def test_an_app_is_refused_without_a_platform_application(parley: Parley, kind: str) -> None:
    reply = put(parley.user("alice"), body={"kind": kind, "token": "abc"})

    assert refusal(reply)[:2] == ("push_off", 409) and reply.json["rule"] == kind


def test_a_browser_is_refused_without_a_secret(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEB_PUSH_SECRET")

    assert refusal(put(parley.user("alice")))[:2] == ("push_off", 409)


@contextmanager
def apps(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    """Gives the deployment platform applications, and each function its role with them; returns what is called."""
    sns = parley.store.client("sns")
    parameters = {}
    for kind, platform in (("Apns", "APNS_SANDBOX"), ("Fcm", "GCM")):
        secret = {"PlatformCredential": "key", "PlatformPrincipal": "certificate"}
        made = sns.create_platform_application(Name=f"app-{kind}", Platform=platform, Attributes=secret)
        parameters[f"{kind}ApplicationArn"] = made["PlatformApplicationArn"]
        monkeypatch.setenv(f"{kind.upper()}_APPLICATION_ARN", made["PlatformApplicationArn"])
    with_apps = load(TEMPLATE, parameters, parley.template.place)
    checker = Checker(with_apps, Functions(with_apps))
    recorder = Recorder()
    parley.hooks[:] = [checker, recorder]
    yield recorder
    assert checker.violations == []
    for arn in parameters.values():
        sns.delete_platform_application(PlatformApplicationArn=arn)


def endpoints(recorder: Recorder) -> list[str]:
    """Returns the tokens of the endpoints that functions have made at SNS and not deleted."""
    found: dict[str, str] = {}
    for call in recorder.calls:
        if call.operation == "CreatePlatformEndpoint":
            found[call.response["EndpointArn"]] = call.params["Token"]
        elif call.operation == "DeleteEndpoint":
            found.pop(call.params["EndpointArn"], None)
    return sorted(found.values())


@pytest.mark.parametrize("kind", ["apns", "fcm"])
def test_an_app_gets_an_endpoint_and_loses_it(parley: Parley, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    alice = parley.user("alice")
    with apps(parley, monkeypatch) as calls:
        assert put(alice, body={"kind": kind, "token": "t0ken"}).status == 200
        assert (registered(alice), endpoints(calls)) == (["laptop"], ["t0ken"])
        assert put(alice, body={"kind": kind, "token": "other"}).status == 200
        assert endpoints(calls) == ["other"]
        assert alice.delete("/me/devices/laptop").status == 200
        assert (registered(alice), endpoints(calls)) == ([], [])


def test_an_app_that_two_people_use_is_the_later_ones(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    body = {"kind": "fcm", "token": "t0ken"}
    with apps(parley, monkeypatch) as calls:
        put(alice, body=body)
        put(bob, body=body)
        assert (registered(alice), registered(bob), endpoints(calls)) == ([], ["laptop"], ["t0ken"])
        alice.delete("/me/devices/laptop")
        assert endpoints(calls) == ["t0ken"]


def test_a_sign_out_takes_the_endpoint_of_an_app_away(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, host = parley.user("alice"), parley.user("host", role="service")
    with apps(parley, monkeypatch) as calls:
        put(alice, body={"kind": "apns", "token": "t0ken"})
        put(alice, "phone", {"kind": "fcm", "token": "t0ken"})
        parley.advance(1)
        assert host.post("/users/alice/sign-out").status == 200
        assert endpoints(calls) == [] and "endpoint" not in "".join(rows(parley))


def test_an_erasure_takes_the_endpoint_of_an_app_away(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, host = parley.user("alice"), parley.user("host", role="service")
    with apps(parley, monkeypatch) as calls:
        put(alice, body={"kind": "apns", "token": "t0ken"})
        put(alice, "phone", {"kind": "fcm", "token": "t0ken"})
        host.delete("/users/alice")
        parley.drain()
        assert (endpoints(calls), rows(parley)) == ([], [])


@pytest.mark.parametrize("kind", ["apns", "fcm"])
def test_a_token_of_an_app_has_a_form(parley: Parley, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    alice = parley.user("alice")
    with apps(parley, monkeypatch):
        for body, code in (({}, "required"), ({"token": ""}, "bad_format"), ({"token": "a b"}, "bad_format")):
            reply = put(alice, body={"kind": kind, **body})
            assert [(each["pointer"], each["code"]) for each in reply.json["errors"]] == [("/token", code)]
        reply = put(alice, body={"kind": kind, "token": "x", "keys": KEYS})
        assert [(each["pointer"], each["code"]) for each in reply.json["errors"]] == [("/keys", "unknown_field")]


@pytest.mark.parametrize(
    ("host", "is_known"),
    [
        ("fcm.googleapis.com", True),
        ("updates.push.services.mozilla.com", True),
        ("web.push.apple.com", True),
        ("wns2-par02p.notify.windows.com", True),
        ("push.example.org", False),
        ("notify.windows.com", False),
        ("notnotify.windows.com", False),
        ("fcm.googleapis.com.example.org", False),
        ("xfcm.googleapis.com", False),
        ("142.250.185.74", False),
    ],
)
def test_only_push_services_that_the_deployment_knows_are_called(
    parley: Parley, monkeypatch: pytest.MonkeyPatch, host: str, is_known: bool
) -> None:
    monkeypatch.setenv("WEB_PUSH_SERVICES", load(TEMPLATE).parameters["WebPushServices"])
    alice = parley.user("alice")

    reply = put(alice, "laptop", browser(f"https://{host}/send/1"))

    if is_known:
        assert reply.status == 200 and registered(alice) == ["laptop"]
    else:
        assert refusal(reply)[:2] == ("invalid_request", 400)
        assert reply.json["errors"] == [{"pointer": "/endpoint", "code": "unknown_push_service"}]
        assert registered(alice) == []
