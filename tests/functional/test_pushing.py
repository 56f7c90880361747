"""Pushes to browsers, apps and the host's topic: what arrives, what each answer means, and what is removed."""

import json
import socket
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from msgspec.structs import replace

from parley.domain.notifications.notice import Device, DeviceKind, Kind, Notice, Recipient
from tests.functional.sns import Sns, stub_sns
from tests.harness.parley import Parley
from tests.harness.web_push import Browser, PushService, claims_of, push_service

if TYPE_CHECKING:
    from parley.actions.notifications.pushing import Pushed

CONVERSATION = "d_rcacaty2c4itxxpmvchtux4jlq"
APNS = "arn:aws:sns:us-east-1:123456789012:endpoint/APNS_SANDBOX/app/1"
FCM = "arn:aws:sns:us-east-1:123456789012:endpoint/GCM/app/1"
HOST = "arn:aws:sns:us-east-1:123456789012:pushes"
BROWSER = Browser()


@pytest.fixture
def service(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> Iterator[PushService]:
    monkeypatch.setenv("ALLOW_PRIVATE_ADDRESSES", "true")
    monkeypatch.setenv("WEB_PUSH_SECRET", "s" * 64)
    monkeypatch.setenv("WEB_PUSH_CONTACT", "mailto:operator@example.org")
    with push_service() as running:
        yield running


@pytest.fixture
def sns(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> Sns:
    return stub_sns(monkeypatch)


def refused(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Publish")


def browser(service: PushService, name: str = "alice") -> Device:
    keys = BROWSER.keys()
    return Device(device_id=name, kind="web_push", at_ms=1, endpoint=service.endpoint(name), **keys)


def app(kind: DeviceKind, arn: str) -> Device:
    return Device(device_id=kind, kind=kind, at_ms=1, endpoint=arn, token="t0ken")


def notice(kind: Kind = "message", text: str = "Lunch?", **others: Any) -> Notice:
    fields: dict[str, Any] = {
        "seq": 7,
        "message_id": f"{CONVERSATION}.7",
        "title": "Bob",
        "count": 1,
        "at_ms": 1,
    } | others
    return Notice(kind=kind, conversation_id=CONVERSATION, text=text, **fields)


def push(parley: Parley, *devices: Device, told: Notice | None = None, badge: int = 3) -> "list[Pushed]":
    from parley.actions.notifications import pushing

    alice = Recipient(user_id="alice", devices=devices)
    return pushing.push([(alice, told or notice(), badge)], parley.clock.ms)


def outcomes(pushed: "list[Pushed]") -> list[tuple[str, str, str]]:
    return [(each.device_id, each.state, each.answer) for each in pushed]


def register(parley: Parley, *devices: Device, user_id: str = "alice") -> None:
    from parley.adapters.notifications import devices as adapter

    for device in devices:
        registered, holder = adapter.read_for(user_id, device)
        adapter.put_device(registered, device, holder, None, parley.clock.ms // 1000)


def registered(user_id: str = "alice") -> list[str]:
    from parley.adapters.notifications import devices as adapter

    return [device.device_id for device in adapter.get_devices(user_id).devices]


def test_a_browser_gets_what_only_it_can_read(parley: Parley, service: PushService) -> None:
    assert outcomes(push(parley, browser(service))) == [("alice", "sent", "201")]

    [(_, headers, body)] = service.got
    assert json.loads(BROWSER.open(body)) == {
        "kind": "message",
        "conversation_id": CONVERSATION,
        "message_id": f"{CONVERSATION}.7",
        "title": "Bob",
        "text": "Lunch?",
        "count": 1,
        "badge": 3,
    }
    assert (headers["content-encoding"], headers["ttl"], headers["urgency"]) == ("aes128gcm", "86400", "normal")
    assert headers["topic"] == CONVERSATION and len(CONVERSATION) <= 32
    claims, _ = claims_of(headers["authorization"])
    assert claims["aud"] == service.origin and 0 < claims["exp"] - parley.clock.ms // 1000 <= 24 * 3600
    assert b"Lunch" not in body


def test_many_devices_that_never_answer_keep_nobody_from_a_push(
    parley: Parley, service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    from parley.actions.notifications import pushing
    from parley.adapters.notifications import web_push

    monkeypatch.setattr(web_push, "TIMEOUT_S", 0.5)
    monkeypatch.setattr(pushing, "DEADLINE_S", 1.0)
    service.waits["/send/silent"] = threading.Event()
    silent = Recipient(user_id="mallory", devices=tuple([browser(service, "silent")] * 25))
    strangers = [replace(silent, user_id=f"mallory{number}") for number in range(8)]
    alice = Recipient(user_id="alice", devices=(browser(service), browser(service, "phone")))

    pushed = pushing.push([(each, notice(), 1) for each in (*strangers, alice)], parley.clock.ms)

    assert [each.state for each in pushed if each.user_id == "alice"] == ["sent", "sent"]
    assert {each.answer for each in pushed if each.user_id != "alice"} == {"timed_out", "no_time"}


def test_names_that_nobody_resolves_keep_nobody_from_a_push(
    parley: Parley, service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    from parley.actions.notifications import pushing
    from parley.adapters.notifications import web_push

    monkeypatch.setattr(web_push, "TIMEOUT_S", 1.0)
    resolve, over = socket.getaddrinfo, threading.Event()

    def slow(host: str, *args: Any, **named: Any) -> Any:
        if host.endswith(".example.org"):
            over.wait(30)
            raise socket.gaierror(-3, "try again")
        return resolve(host, *args, **named)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    keys = BROWSER.keys()
    nowhere = [
        Device(device_id=f"d{number}", kind="web_push", at_ms=1, endpoint=f"https://n{number}.example.org/", **keys)
        for number in range(25)
    ]
    told = [Recipient(user_id=f"mallory{number}", devices=tuple(nowhere)) for number in range(10)]
    alice = Recipient(user_id="alice", devices=(browser(service),))

    try:
        pushed = pushing.push([(each, notice(), 1) for each in (*told, alice)], parley.clock.ms)
    finally:
        over.set()

    assert [each.state for each in pushed if each.user_id == "alice"] == ["sent"]


def test_two_pushes_share_no_key_and_no_salt(parley: Parley, service: PushService) -> None:
    push(parley, browser(service), browser(service))

    first, second = service.bodies("alice")
    assert first[:16] != second[:16] and first[21:86] != second[21:86]


@pytest.mark.parametrize(("kind", "urgency"), [("missed_call", "high"), ("mention", "normal"), ("reaction", "low")])
def test_urgency_follows_the_kind(parley: Parley, service: PushService, kind: Kind, urgency: str) -> None:
    push(parley, browser(service), told=notice(kind))

    assert service.got[0][1]["urgency"] == urgency


def test_the_largest_notice_fits_every_push_service(parley: Parley, service: PushService, sns: Sns) -> None:
    largest = notice(title="\U0001f389" * 100, text="\x01" * 100 + '"' * 100, count=10**6)

    pushed = push(parley, browser(service), app("apns", APNS), app("fcm", FCM), told=largest, badge=10**9)

    assert {each.state for each in pushed} == {"sent"}
    assert len(service.got[0][2]) <= 4096
    assert all(len(text.encode()) <= 4096 for each in sns.got for text in json.loads(each["Message"]).values())


@pytest.mark.parametrize(
    ("status", "state"),
    [(200, "sent"), (202, "sent"), (301, "refused"), (400, "refused"), (403, "refused"), (404, "gone"), (410, "gone")]
    + [(413, "refused"), (429, "failed"), (500, "failed"), (503, "failed")],
)
def test_each_answer_of_a_push_service(parley: Parley, service: PushService, status: int, state: str) -> None:
    service.answer("alice", status)

    assert outcomes(push(parley, browser(service))) == [("alice", state, str(status))]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("120", 120), ("999999", 86_400), ("-1", None), ("Sun, 29 Nov 2026 13:00:00 GMT", None), ("9" * 5000, None)],
)
def test_retry_after_is_told(parley: Parley, service: PushService, header: str, seconds: int | None) -> None:
    service.answer("alice", 429, retry_after=header)

    [pushed] = push(parley, browser(service))

    assert (pushed.state, pushed.retry_after_s) == ("failed", seconds)


def test_a_subscription_that_is_gone_is_removed_and_the_others_stay(parley: Parley, service: PushService) -> None:
    gone, here = browser(service, "gone"), browser(service, "here")
    register(parley, gone, here)
    service.answer("gone", 410)

    pushed = push(parley, gone, here)

    assert outcomes(pushed) == [("gone", "gone", "410"), ("here", "sent", "201")]
    assert registered() == ["here"]


def test_a_subscription_that_registered_again_meanwhile_stays(parley: Parley, service: PushService) -> None:
    from msgspec.structs import replace

    old = browser(service)
    register(parley, replace(old, at_ms=2))
    service.answer("alice", 410)

    push(parley, old)

    assert registered() == ["alice"]


def test_no_redirect_is_followed(parley: Parley, service: PushService) -> None:
    service.answer("alice", 307, location=service.endpoint("bob"))

    assert outcomes(push(parley, browser(service))) == [("alice", "refused", "307")]
    assert service.bodies("bob") == []


def test_a_slow_push_service_holds_up_no_other(
    parley: Parley, service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    monkeypatch.setattr("parley.adapters.notifications.web_push.TIMEOUT_S", 0.3)
    service.waits["/send/slow"] = threading.Event()

    pushed = push(parley, browser(service, "slow"), browser(service, "fast"))

    assert outcomes(pushed) == [("slow", "failed", "timed_out"), ("fast", "sent", "201")]


def test_what_has_no_time_left_is_not_begun(
    parley: Parley, service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parley.actions.notifications.pushing.DEADLINE_S", 0)

    assert outcomes(push(parley, browser(service))) == [("alice", "failed", "no_time")]
    assert service.got == []


def test_private_addresses_are_refused_also_at_the_push(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_PUSH_SECRET", "s" * 64)
    monkeypatch.setenv("WEB_PUSH_CONTACT", "mailto:operator@example.org")
    device = Device(device_id="a", kind="web_push", at_ms=1, endpoint="https://169.254.169.254/x", **BROWSER.keys())

    assert outcomes(push(parley, device)) == [("a", "refused", "private_address")]


@pytest.mark.parametrize("keys", [{"p256dh": "AAAA"}, {"auth": "AAAA"}, {"p256dh": "!"}])
def test_damaged_keys_are_refused(parley: Parley, service: PushService, keys: dict[str, str]) -> None:
    from msgspec.structs import replace

    assert outcomes(push(parley, replace(browser(service), **keys))) == [("alice", "refused", "wrong_key")]


def test_without_a_secret_browsers_get_nothing(
    parley: Parley, service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WEB_PUSH_SECRET")

    assert outcomes(push(parley, browser(service))) == [("alice", "refused", "web_push_off")]


def test_an_iphone_gets_an_alert_in_place_of_the_last_one(parley: Parley, sns: Sns) -> None:
    assert outcomes(push(parley, app("apns", APNS))) == [("apns", "sent", "1")]

    [message] = sns.got
    assert message["TargetArn"] == APNS
    assert json.loads(json.loads(message["Message"])["APNS_SANDBOX"]) == {
        "aps": {
            "alert": {"title": "Bob", "body": "Lunch?"},
            "badge": 3,
            "sound": "default",
            "thread-id": CONVERSATION,
        },
        "kind": "message",
        "conversation_id": CONVERSATION,
        "message_id": f"{CONVERSATION}.7",
        "count": 1,
        "badge": 3,
    }
    attributes = {name: each["StringValue"] for name, each in message["MessageAttributes"].items()}
    assert attributes == {
        "AWS.SNS.MOBILE.APNS.PUSH_TYPE": "alert",
        "AWS.SNS.MOBILE.APNS.PRIORITY": "10",
        "AWS.SNS.MOBILE.APNS.COLLAPSE_ID": CONVERSATION,
        "AWS.SNS.MOBILE.APNS_SANDBOX.TTL": "86400",
    }


def test_an_android_gets_a_notification_and_data_of_texts(parley: Parley, sns: Sns) -> None:
    push(parley, app("fcm", FCM), told=notice("invitation", message_id=None))

    [message] = sns.got
    assert json.loads(json.loads(message["Message"])["GCM"])["fcmV1Message"]["message"] == {
        "notification": {"title": "Bob", "body": "Lunch?"},
        "data": {"kind": "invitation", "conversation_id": CONVERSATION, "count": "1", "badge": "3"},
        "android": {
            "collapse_key": CONVERSATION,
            "priority": "high",
            "ttl": "86400s",
            "notification": {"tag": CONVERSATION, "notification_count": 3},
        },
    }


@pytest.mark.parametrize(
    ("fault", "state", "answer"),
    [
        (refused("EndpointDisabled", 400), "gone", "EndpointDisabled"),
        (refused("NotFound", 404), "gone", "NotFound"),
        (refused("InvalidParameter", 400), "refused", "InvalidParameter"),
        (refused("PlatformApplicationDisabled", 400), "refused", "PlatformApplicationDisabled"),
        (refused("Throttled", 429), "failed", "Throttled"),
        (refused("Throttling", 400), "failed", "Throttling"),
        (refused("InternalError", 500), "failed", "InternalError"),
        (ReadTimeoutError(endpoint_url="sns"), "failed", "ReadTimeoutError"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_fault_of_sns(parley: Parley, sns: Sns, fault: Exception, state: str, answer: str) -> None:
    register(parley, app("apns", APNS), app("fcm", FCM))
    sns.faults[APNS] = fault

    pushed = push(parley, app("apns", APNS), app("fcm", FCM))

    assert outcomes(pushed)[0] == ("apns", state, answer)
    assert pushed[1].state == "sent"
    assert registered() == (["fcm"] if state == "gone" else ["apns", "fcm"])
    assert sns.deleted == ([APNS] if state == "gone" else [])


def test_closing_reaches_apps_in_the_background_and_no_browser(parley: Parley, service: PushService, sns: Sns) -> None:
    from parley.actions.notifications import pushing

    pushed = pushing.close("alice", [browser(service), app("apns", APNS), app("fcm", FCM)], CONVERSATION, 2)

    assert sorted(each.device_id for each in pushed) == ["apns", "fcm"]
    assert service.got == []
    of_apns, of_fcm = sorted(sns.got, key=lambda each: str(each["TargetArn"]))
    assert json.loads(json.loads(of_apns["Message"])["APNS_SANDBOX"]) == {
        "aps": {"content-available": 1},
        "close": CONVERSATION,
        "badge": 2,
    }
    attributes = {name: each["StringValue"] for name, each in of_apns["MessageAttributes"].items()}
    assert attributes["AWS.SNS.MOBILE.APNS.PUSH_TYPE"] == "background"
    assert attributes["AWS.SNS.MOBILE.APNS.PRIORITY"] == "5"
    message = json.loads(json.loads(of_fcm["Message"])["GCM"])["fcmV1Message"]["message"]
    assert "notification" not in message and message["data"] == {"close": CONVERSATION, "badge": "2"}


def test_a_host_that_pushes_itself_gets_each_push_and_each_close(
    parley: Parley, sns: Sns, monkeypatch: pytest.MonkeyPatch
) -> None:
    from parley.actions.notifications import pushing

    assert not pushing.reaches(Recipient(user_id="alice"))
    monkeypatch.setenv("PUSH_TOPIC_ARN", HOST)
    assert pushing.reaches(Recipient(user_id="alice"))

    assert outcomes(push(parley)) == [("#host", "sent", "1")]
    pushing.close("alice", [], CONVERSATION, 0)

    told, closed = [json.loads(each["Message"]) for each in sns.got]
    assert {each["TopicArn"] for each in sns.got} == {HOST}
    assert (told["type"], told["user_id"], told["text"], told["badge"]) == ("push", "alice", "Lunch?", 3)
    assert closed == {"type": "close", "user_id": "alice", "close": CONVERSATION, "badge": 0}


def test_a_topic_that_is_not_there_is_no_gone_device(parley: Parley, sns: Sns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUSH_TOPIC_ARN", HOST)
    sns.faults[HOST] = refused("NotFound", 404)

    assert outcomes(push(parley)) == [("#host", "refused", "NotFound")]
    assert sns.deleted == []


def test_a_hundred_pushes_go_out_side_by_side_in_one_call_each(parley: Parley, service: PushService) -> None:
    from parley.actions.notifications import pushing

    people = [Recipient(user_id=f"u{number}", devices=(browser(service, f"u{number}"),)) for number in range(100)]

    pushed = pushing.push([(person, notice(), 1) for person in people], parley.clock.ms)

    assert [each.user_id for each in pushed] == [person.user_id for person in people]
    assert {each.state for each in pushed} == {"sent"}
    assert len(service.got) == 100
