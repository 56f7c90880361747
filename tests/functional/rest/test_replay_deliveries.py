"""POST /admin/webhooks/{webhook_id}/replay: the deliveries of a time once more, a hundred at once."""

import pytest

from parley.domain.api.times import rfc3339
from tests.functional.hooks import ENDPOINTS, Receiver, deliveries, host, made, receiver
from tests.functional.replies import invalid, refusal
from tests.functional.talk import meet, say
from tests.harness import Parley

__all__ = ["receiver"]


def span(parley: Parley, before_s: int, after_s: int) -> dict[str, str]:
    now_ms = parley.clock()
    return {"since": rfc3339(now_ms - before_s * 1000), "until": rfc3339(now_ms + after_s * 1000)}


def test_failed_deliveries_of_a_time_are_attempted_again(
    parley: Parley, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parley.actions.webhooks.posting.REPLAYED_AT_ONCE", 2)
    backend = host(parley)
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    parley.drain()
    webhook = made(backend, receiver.url, "message.created")
    receiver.answer = lambda got: 200 if got.data["message"]["text"] == "fine" else 500
    say(alice, conversation_id, "lost 1", "fine", "lost 2", "lost 3")
    parley.drain()
    assert len(deliveries(backend, webhook["id"], "?status=failed")) == 3
    receiver.take()

    receiver.answer = None
    reply = backend.post(f"{ENDPOINTS}/{webhook['id']}/replay", json={**span(parley, 60, 60), "status": "failed"})
    parley.drain()

    assert (reply.status, reply.json["status"]) == (202, "failed")
    assert sorted(got.data["message"]["text"] for got in receiver.got) == ["lost 1", "lost 2", "lost 3"]
    assert {each["status"] for each in deliveries(backend, webhook["id"])} == {"succeeded"}


def test_all_deliveries_of_a_time_and_no_others(parley: Parley, receiver: Receiver) -> None:
    parley.clock.ms -= 60_000
    backend = host(parley)
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    parley.drain()
    webhook = made(backend, receiver.url, "message.created")
    say(alice, conversation_id, "before")
    parley.advance(60)
    say(alice, conversation_id, "within")
    parley.drain()
    receiver.take()

    assert backend.post(f"{ENDPOINTS}/{webhook['id']}/replay", json=span(parley, 30, 30)).status == 202
    parley.drain()

    assert [got.data["message"]["text"] for got in receiver.got] == ["within"]


def test_wrong_ranges_are_refused(parley: Parley) -> None:
    backend = host(parley)
    path = f"{ENDPOINTS}/{made(backend, 'https://hooks.example.org/')['id']}/replay"

    for before_s, after_s in ((0, 0), (-60, 0), (32 * 24 * 3600, 0)):
        reply = backend.post(path, json=span(parley, before_s, after_s))
        assert refusal(reply) == invalid(("/until", "bad_range"))
    assert refusal(parley.user("eve").post(path, json=span(parley, 1, 1))) == ("webhooks_closed", 403, [])
