"""First attempts: in the order of each conversation, and no endpoint delays another."""

import json
import time

import pytest

from parley.domain.webhooks.endpoints import MIN_PAUSE_MS
from tests.functional.hooks import (
    ENDPOINTS,
    Got,
    Receiver,
    deliveries,
    follow,
    host,
    made,
    of,
    pending,
    receiver,
    receiving,
)
from tests.functional.talk import meet, say
from tests.harness import Parley, User

__all__ = ["receiver"]


def test_two_endpoints_get_the_same_event_under_the_same_id(parley: Parley, receiver: Receiver) -> None:
    backend = host(parley)
    with receiving() as other:
        first, second = (made(backend, each.url, "message.created") for each in (receiver, other))
        alice, bob = parley.user("alice"), parley.user("bob")
        say(alice, meet(alice, bob), "hello")
        parley.drain()

        assert [got.id for got in receiver.got] == [got.id for got in other.got] != []
        assert receiver.got[-1].verified(first["secret"]) == other.got[-1].verified(second["secret"])


def test_an_endpoint_that_fails_holds_no_other_back(parley: Parley, receiver: Receiver) -> None:
    backend = host(parley)
    with receiving() as other:
        made(backend, receiver.url, "message.created")
        made(backend, other.url, "message.created")
        receiver.status = 500
        alice, bob = parley.user("alice"), parley.user("bob")
        conversation_id = meet(alice, bob)
        say(alice, conversation_id, *"abcdef")
        parley.drain()

        texts = [got.data["message"]["text"] for got in other.got]
        assert texts[-6:] == list("abcdef") and len(other.got) == len({got.id for got in other.got})


def test_endpoint_that_fails_again_and_again_is_paused(
    parley: Parley, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parley.domain.webhooks.endpoints.PAUSES_FROM", 5)
    backend = host(parley)
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    follow(parley)
    webhook = made(backend, receiver.url, "message.created")
    receiver.status = 500
    say(alice, conversation_id, *(str(number) for number in range(8)))

    follow(parley)

    assert len(receiver.got) == 5
    assert of(backend, webhook["id"])["paused_until"] is not None
    waiting = deliveries(backend, webhook["id"], "?status=pending")
    assert len(waiting) == 8 and all(each["next_attempt_at"] for each in waiting)

    receiver.status = 200
    backend.patch(f"{ENDPOINTS}/{webhook['id']}", json={"enabled": True})
    say(alice, conversation_id, "again")
    follow(parley)
    assert receiver.got[-1].data["message"]["text"] == "again"


@pytest.fixture
def pausing(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Receiver:
    """A receiver that fails, whose webhook is paused after two failures."""
    for name, value in {"PAUSES_FROM": 2, "HELD_MS": 14_000, "SETTLED_MS": 1_000}.items():
        monkeypatch.setattr(f"parley.domain.webhooks.endpoints.{name}", value)
    monkeypatch.setattr("parley.actions.webhooks.posting.SWEPT_MS", 300)
    monkeypatch.setattr("parley.actions.webhooks.posting.RELEASED_AT_ONCE", 3)
    monkeypatch.setattr("parley.actions.webhooks.posting.EARLY_MS", 0)
    receiver.status = 500
    return receiver


def say_slowly(parley: Parley, user: User, conversation_id: str, *texts: str) -> None:
    """Writes messages in moments of their own, as people do: what has waited is released by its time."""
    for text in texts:
        say(user, conversation_id, text)
        parley.advance(0.01)


def go_through(parley: Parley, receiver: Receiver, attempts: int) -> None:
    """Lets jobs come until so many attempts were made; those of a pause may not be due for long."""
    [retries] = [each for each in parley.queues if each.queue.logical_id == "WebhookRetries"]
    until_s = time.monotonic() + MIN_PAUSE_MS / 1000 / 2
    while len(receiver.got) < attempts and time.monotonic() < until_s:
        follow(parley)
        retries.poll()
        time.sleep(0.02)


def texts(receiver: Receiver) -> list[str]:
    return [got.data["message"]["text"] for got in receiver.got]


def test_end_of_a_pause_by_a_keeper_releases_what_waits_at_once_and_in_order(parley: Parley, pausing: Receiver) -> None:
    backend = host(parley)
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    follow(parley)
    webhook = made(backend, pausing.url, "message.created")
    say_slowly(parley, alice, conversation_id, *"abcdefgh")
    follow(parley)
    assert [got.data["message"]["text"] for got in pausing.take()] == ["a", "b"]
    assert len(deliveries(backend, webhook["id"], "?status=pending")) == 8
    [retries] = [each for each in parley.queues if each.queue.logical_id == "WebhookRetries"]
    retries.poll()  # the further attempts at the first two are put off, too

    pausing.status = 200
    parley.clock.ms = time.time_ns() // 1_000_000  # the time of the queues' functions
    reply = backend.patch(f"{ENDPOINTS}/{webhook['id']}", json={"enabled": True})
    say(alice, conversation_id, "new")
    go_through(parley, pausing, 9)

    assert (reply.status, reply.json["paused_until"]) == (200, None)
    assert [text for text in texts(pausing) if text not in "ab"] == [*"cdefgh", "new"]
    assert sorted(texts(pausing)) == [*"abcdefgh", "new"]
    assert {each["status"] for each in deliveries(backend, webhook["id"])} == {"succeeded"}


def test_what_waits_for_the_end_of_a_pause_comes_in_order_before_what_is_new(
    parley: Parley, pausing: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parley.domain.webhooks.endpoints.MIN_PAUSE_MS", 1_000)
    backend = host(parley)
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    follow(parley)
    webhook = made(backend, pausing.url, "message.created")
    say_slowly(parley, alice, conversation_id, *"abcdefgh")
    follow(parley)
    pausing.take()

    pausing.status = 200
    time.sleep(1.1)
    say(alice, conversation_id, "new")
    follow(parley)
    assert pausing.got == []
    go_through(parley, pausing, 9)

    assert [text for text in texts(pausing) if text not in "ab"] == [*"cdefgh", "new"]
    assert sorted(texts(pausing)) == [*"abcdefgh", "new"]
    assert {each["status"] for each in deliveries(backend, webhook["id"])} == {"succeeded"}


def test_what_waits_comes_also_if_its_release_is_lost(
    parley: Parley, pausing: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parley.domain.webhooks.endpoints.MIN_PAUSE_MS", 500)
    monkeypatch.setattr("parley.domain.webhooks.endpoints.HELD_MS", 500)
    monkeypatch.setattr("parley.actions.webhooks.posting._release", lambda *_: None)
    backend = host(parley)
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    follow(parley)
    webhook = made(backend, pausing.url, "message.created")
    say(alice, conversation_id, *"abcd")
    follow(parley)
    pausing.take()

    pausing.status = 200
    go_through(parley, pausing, 4)

    assert sorted(texts(pausing)) == [*"abcd"]
    assert {each["status"] for each in deliveries(backend, webhook["id"])} == {"succeeded"}


def test_a_function_that_dies_between_writing_and_queueing_loses_no_attempt(parley: Parley, receiver: Receiver) -> None:
    backend = host(parley)
    webhook = made(backend, receiver.url, "message.created")
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    parley.drain()
    receiver.take()
    event = {"type": "message.created", "key": conversation_id, "number": 1, "at_ms": 5}
    pending(webhook["id"], event, 1, attempts=1)

    for function in ("PostWebhook", "RetryWebhook"):
        record = {"messageId": "m1", "attributes": {"ApproximateReceiveCount": "2"}}
        record["body"] = json.dumps({"webhook_id": webhook["id"], "event": event, "due_ms": 2})
        parley.functions.invoke(function, {"Records": [record]})
    assert receiver.got == []
    parley.drain()

    assert len(receiver.got) == 1
    [found] = [each for each in deliveries(backend, webhook["id"]) if each["occurred_at"].startswith("1970")]
    assert (found["status"], found["attempts"]) == ("succeeded", 2)


def test_repeat_of_an_attempt_leaves_one_delivery(parley: Parley, receiver: Receiver) -> None:
    backend = host(parley)
    webhook = made(backend, receiver.url, "message.created")
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    parley.drain()
    receiver.take()
    say(alice, conversation_id, "hello")
    parley.deliver_twice = True
    parley.drain()
    parley.deliver_twice = False

    assert len({got.id for got in receiver.got}) == 1
    assert len([each for each in deliveries(backend, webhook["id"]) if each["event_id"] == receiver.got[0].id]) == 1


def test_long_message_goes_without_its_text(
    parley: Parley, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parley.actions.webhooks.bodies.MAX_BODY_BYTES", 10_500)
    made(host(parley), receiver.url, "message.created")
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    parley.drain()
    receiver.take()
    say(alice, conversation_id, "a" * 9_000, "a" * 10_000)
    parley.drain()

    whole, long = receiver.got
    assert len(whole.data["message"]["text"]) == 9_000 and "truncated" not in whole.data
    assert (long.data["message"], long.data["truncated"], long.data["seq"]) == (None, True, whole.data["seq"] + 1)
    assert len(long.raw) < 1_000


@pytest.mark.parametrize("code", ["unreachable", "timed_out"])
def test_endpoint_without_an_answer_is_named_by_a_code(
    parley: Parley, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    backend = host(parley)
    webhook = made(backend, receiver.url, "message.created")

    def answer(_: Got) -> int:
        import time

        time.sleep(0.3)
        return 200

    if code == "timed_out":
        monkeypatch.setattr("parley.actions.webhooks.posting.TIMEOUT_S", 0.1)
        receiver.answer = answer
    else:
        backend.patch(f"/admin/webhooks/{webhook['id']}", json={"url": "http://127.0.0.1:9/"})
    alice, bob = parley.user("alice"), parley.user("bob")
    meet(alice, bob)
    parley.drain()

    found = deliveries(backend, webhook["id"])
    assert found and {(each["code"], each["response_status"]) for each in found} == {(code, None)}


def test_nothing_of_a_message_is_in_the_queue(parley: Parley, receiver: Receiver) -> None:
    made(host(parley), receiver.url, "message.created")
    alice, bob = parley.user("alice"), parley.user("bob")
    say(alice, meet(alice, bob), "secret words")
    with parley.watch() as calls:
        parley.drain()

    sent = [call for call in calls if call.operation == "SendMessageBatch"]
    assert sent and "secret words" not in json.dumps([call.params for call in sent], default=str)
