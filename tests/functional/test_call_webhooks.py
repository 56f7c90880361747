"""Events of calls: their start, their end, and those that nobody answered."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.functional.calling import CALL, call_and_answer, ring, signal
from tests.functional.hooks import Receiver, host, made, receiver
from tests.functional.queues.test_retry_webhook import SCHEMAS
from tests.functional.talk import open_direct
from tests.harness import Parley, Socket

__all__ = ["receiver"]

OTHER = "5c3b9e0e-0000-4000-8000-000000000002"


def pair(parley: Parley, receiver: Receiver) -> tuple[str, Socket, Socket]:
    """Returns a conversation of alice and bob, and a device of each; the receiver gets the events of calls."""
    made(host(parley), receiver.url, "call.*")
    alice, bob = parley.user("alice"), parley.user("bob")
    return open_direct(alice, bob), alice.connect(), bob.connect()


def told(parley: Parley, receiver: Receiver) -> list[tuple[str, dict[str, Any]]]:
    """Returns the events so far, each with its call; all have their schemas."""
    parley.drain()
    got = receiver.take()
    for each in got:
        Draft202012Validator(SCHEMAS).validate(each.body)
    return [(each.type, each.data) for each in got]


def test_call_that_rings_is_told_with_its_people(parley: Parley, receiver: Receiver) -> None:
    conversation_id, phone, _ = pair(parley, receiver)

    ring(phone, conversation_id)

    [(event_type, data)] = told(parley, receiver)
    assert event_type == "call.started" and data["conversation_id"] == conversation_id
    assert {name: data["call"][name] for name in ("call_id", "state", "media", "caller_id", "callee_id")} == {
        "call_id": CALL,
        "state": "ringing",
        "media": "video",
        "caller_id": "alice",
        "callee_id": "bob",
    }


@pytest.mark.parametrize(("answered", "reason"), [(True, "hung_up"), (False, "declined")])
def test_end_of_a_call_is_told_once_with_its_reason(
    parley: Parley, receiver: Receiver, answered: bool, reason: str
) -> None:
    conversation_id, phone, screen = pair(parley, receiver)
    (call_and_answer(phone, screen, conversation_id) if answered else ring(phone, conversation_id))
    told(parley, receiver)

    for _ in range(2):
        signal(screen, conversation_id, "hang_up")

    [(event_type, data)] = told(parley, receiver)
    assert (event_type, data["call"]["state"], data["call"]["reason"]) == ("call.ended", "ended", reason)
    assert "seq" not in data


def test_call_that_rings_out_is_missed_and_has_a_message(parley: Parley, receiver: Receiver) -> None:
    conversation_id, phone, _ = pair(parley, receiver)
    ring(phone, conversation_id)
    parley.advance(50)
    parley.run_schedule("ClearStaleCalls")

    events = told(parley, receiver)
    assert [event_type for event_type, _ in events] == ["call.started", "call.missed"]
    _, data = events[1]
    assert (data["call"]["reason"], data["seq"]) == ("missed", 1)


def test_call_to_a_busy_person_is_missed_and_was_never_started(parley: Parley, receiver: Receiver) -> None:
    conversation_id, phone, screen = pair(parley, receiver)
    call_and_answer(phone, screen, conversation_id)
    carol = parley.user("carol")
    mobile, with_bob = carol.connect(), open_direct(carol, parley.user("bob"))
    told(parley, receiver)

    signal(mobile, with_bob, "offer", OTHER)

    [(event_type, data)] = told(parley, receiver)
    assert (event_type, data["call"]["caller_id"], data["call"]["reason"]) == ("call.missed", "carol", "busy")


def test_missed_call_of_a_blocked_person_is_told_without_a_message(parley: Parley, receiver: Receiver) -> None:
    conversation_id, phone, _ = pair(parley, receiver)
    ring(phone, conversation_id)
    told(parley, receiver)
    assert parley.user("bob").put("/users/alice/block").status == 200

    signal(phone, conversation_id, "hang_up")

    [(event_type, data)] = told(parley, receiver)
    assert (event_type, data["call"]["reason"]) == ("call.missed", "missed") and "seq" not in data


def test_events_of_a_call_name_an_erased_person_by_their_pseudonym(parley: Parley, receiver: Receiver) -> None:
    conversation_id, phone, screen = pair(parley, receiver)
    receiver.status = 500
    call_and_answer(phone, screen, conversation_id)
    signal(phone, conversation_id, "hang_up")
    parley.drain()
    receiver.take()
    receiver.status = 200
    assert host(parley).delete("/users/bob").status == 202
    parley.drain()
    receiver.take()

    backend = host(parley)
    [webhook] = backend.get("/admin/webhooks").json["webhooks"]
    for delivery in backend.get(f"/admin/webhooks/{webhook['id']}/deliveries").json["deliveries"]:
        backend.post(f"/admin/deliveries/{delivery['id']}/replay")

    calls = [data["call"] for _, data in told(parley, receiver)]
    assert len(calls) == 2
    assert all(call["callee_id"].startswith("~parley.erased-") and call["caller_id"] == "alice" for call in calls)


def test_call_whose_row_is_gone_has_no_events(parley: Parley, receiver: Receiver) -> None:
    conversation_id, phone, _ = pair(parley, receiver)
    ring(phone, conversation_id)
    parley.store.client("dynamodb").delete_item(
        TableName=parley.template.resources["Calls"].ref,
        Key={"conversation_id": {"S": conversation_id}, "call_id": {"S": CALL}},
    )

    assert told(parley, receiver) == []
