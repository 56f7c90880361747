"""First attempts: in the order of each conversation, and no endpoint delays another."""

import json

import pytest

from tests.functional.hooks import ENDPOINTS, Got, Receiver, deliveries, follow, host, made, of, receiver, receiving
from tests.functional.talk import meet, say
from tests.harness import Parley

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
