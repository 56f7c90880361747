"""Webhooks from end to end: an act, the stream, the queues, and a receiver with a library of others to verify."""

from typing import Any

import pytest
from standardwebhooks import WebhookVerificationError

from tests.functional.desk import agent, answered_ticket, note
from tests.functional.hooks import Got, Receiver, deliveries, host, made, of, receiver
from tests.functional.macros import apply, macro
from tests.functional.talk import in_s, make_group, meet, say
from tests.harness import Parley

__all__ = ["receiver"]


def test_message_reaches_the_receiver_signed(parley: Parley, receiver: Receiver) -> None:
    backend = host(parley)
    webhook = made(backend, receiver.url, "message.*")
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    parley.drain()
    receiver.take()

    [message_id] = say(alice, conversation_id, "hello")
    parley.drain()

    [got] = receiver.got
    assert got.verified(webhook["secret"]) == got.body
    assert got.headers["content-type"] == "application/json"
    assert got.type == "message.created"
    seq = int(message_id.rpartition(".")[2])
    assert {name: got.data[name] for name in ("conversation_id", "message_id", "seq", "user_id")} == {
        "conversation_id": conversation_id,
        "message_id": message_id,
        "seq": seq,
        "user_id": "alice",
    }
    assert got.data["message"]["text"] == "hello"
    [delivery] = [each for each in deliveries(backend, webhook["id"]) if each["event_id"] == got.id]
    assert (delivery["status"], delivery["attempts"], delivery["response_status"]) == ("succeeded", 1, 200)


def test_another_secret_verifies_nothing(parley: Parley, receiver: Receiver) -> None:
    made(host(parley), receiver.url)
    meet(parley.user("alice"), parley.user("bob"))
    parley.drain()

    with pytest.raises(WebhookVerificationError):
        receiver.got[0].verified("whsec_" + "QUJD" * 10)


def test_events_come_in_the_order_of_their_conversation(parley: Parley, receiver: Receiver) -> None:
    made(host(parley), receiver.url, "message.created")
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)

    say(alice, conversation_id, *(f"number {number}" for number in range(12)))
    parley.drain()

    seqs = [got.data["seq"] for got in receiver.got]
    assert seqs == sorted(seqs) and len(seqs) >= 12


def told(receiver: Receiver, event_type: str) -> dict[str, Any]:
    """Returns what the only event of a type tells."""
    [got] = [each for each in receiver.got if each.type == event_type]
    return got.data


def test_changes_of_messages_are_told_as_they_are_now(parley: Parley, receiver: Receiver) -> None:
    made(host(parley), receiver.url, "message.*")
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    [message_id] = say(alice, conversation_id, "first")
    parley.drain()
    receiver.take()

    assert alice.patch(f"/messages/{message_id}", json={"text": "second"}).status == 200
    assert bob.put(f"/messages/{message_id}/reactions/👍").status == 200
    assert bob.delete(f"/messages/{message_id}/reactions/👍").status == 200
    assert alice.delete(f"/messages/{message_id}").status == 200
    parley.drain()

    assert receiver.types == [
        "message.updated",
        "message.reaction_added",
        "message.reaction_removed",
        "message.deleted",
    ]
    numbers = [got.data["change_seq"] for got in receiver.got]
    assert numbers == sorted(numbers)
    assert told(receiver, "message.reaction_added")["emoji"] == "👍"
    assert {got.data["message"]["text"] for got in receiver.got} == {""}  # deleted by then: no attempt shows more


def test_hiding_a_message_from_oneself_is_nobody_elses_news(parley: Parley, receiver: Receiver) -> None:
    made(host(parley), receiver.url, "message.*")
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, meet(alice, bob), "hello")
    parley.drain()
    receiver.take()

    assert bob.delete(f"/messages/{message_id}?scope=me").status == 200
    parley.drain()

    assert receiver.got == []


def test_groups_tell_of_members_and_settings(parley: Parley, receiver: Receiver) -> None:
    made(host(parley), receiver.url, "conversation.*", "member.*")
    alice = parley.user("alice")
    for name in ("bob", "carol"):
        parley.user(name)
    group = make_group(alice, parley.user("bob"))
    assert alice.post(f"/conversations/{group}/members", json={"user_ids": ["carol"]}).status == 200
    assert alice.delete(f"/conversations/{group}/members/carol").status == 200
    assert alice.patch(f"/conversations/{group}", json={"title": "Trip"}).status == 200
    parley.drain()

    created = told(receiver, "conversation.created")
    assert (created["conversation"]["id"], created["conversation"]["type"], created["seq"]) == (group, "group", 1)
    assert told(receiver, "member.added")["user_ids"] == ["carol"]
    assert told(receiver, "member.removed")["user_ids"] == ["carol"]
    assert told(receiver, "conversation.updated")["conversation"]["shared"]["title"] == "Trip"


def test_tickets_and_notes_are_told_by_types_of_their_own(parley: Parley, receiver: Receiver) -> None:
    made(host(parley), receiver.url, "ticket.*", "note.*")
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = answered_ticket(alice, agnes)
    assert note(agnes, ticket_id).status == 201
    parley.drain()

    created = told(receiver, "ticket.created")
    assert (created["ticket_id"], created["seq"], created["entry"]["event"]) == (ticket_id, 1, "created")
    numbers = [got.data["seq"] for got in receiver.got if got.type.startswith("ticket.")]
    assert numbers == sorted(numbers) and "ticket.updated" in receiver.types
    assert told(receiver, "note.created")["message"]["text"] == "They have called twice."


def test_macro_is_one_change_of_a_ticket_and_a_message(parley: Parley, receiver: Receiver) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id, macro_id = answered_ticket(alice, agnes), macro(parley, reply="Done.", status="resolved")
    parley.drain()
    made(host(parley), receiver.url, "ticket.*", "message.created")

    assert apply(agnes, ticket_id, macro_id).status == 200
    parley.drain()

    assert sorted(receiver.types) == ["message.created", "message.created", "ticket.updated"]
    updated = told(receiver, "ticket.updated")
    assert (updated["entry"]["macro_id"], updated["entry"]["changes"]["status"]["to"]) == (macro_id, "resolved")


def test_moderators_acts_and_reports_are_told(parley: Parley, receiver: Receiver) -> None:
    made(host(parley), receiver.url, "report.*", "moderation.*")
    alice, bob, mona = parley.user("alice"), parley.user("bob"), parley.user("mona", role="moderator")
    [message_id] = say(alice, meet(alice, bob), "rude")
    report = bob.post(f"/messages/{message_id}/report", json={"reason": "harassment"}).json
    body = {"version": 1, "status": "resolved", "resolution": "Warned."}
    assert mona.patch(f"/admin/reports/{report['id']}", json=body).status == 200
    warned = {"user_id": "alice", "reason": "Be kind."}
    assert mona.post("/admin/warnings", json=warned).status == 201
    suspension = {"until": in_s(parley, 3600), "reason": "Rude.", "scope": "write"}
    assert mona.put("/admin/suspensions/alice", json=suspension).status == 200
    parley.drain()

    assert told(receiver, "report.created")["report"]["reason"] == "harassment"
    assert told(receiver, "report.updated")["report"]["status"] == "resolved"
    assert told(receiver, "moderation.resolve_report")["entry"]["target"] == report["id"]
    assert told(receiver, "moderation.warn_user")["entry"]["target"] == "alice"
    assert told(receiver, "moderation.suspend_user")["entry"]["actor_id"] == "mona"


def test_a_changed_name_is_told(parley: Parley, receiver: Receiver) -> None:
    made(host(parley), receiver.url, "user.updated")
    parley.user("alice", name="Alice")
    parley.advance(60)
    parley.user("alice", name="Alice Liddell")
    parley.drain()

    assert told(receiver, "user.updated")["user"]["name"] == "Alice Liddell"


def test_endpoint_gets_only_what_it_asks_for(parley: Parley, receiver: Receiver) -> None:
    made(host(parley), receiver.url, "message.deleted")
    alice, bob = parley.user("alice"), parley.user("bob")
    say(alice, meet(alice, bob), "hello")
    parley.drain()

    assert receiver.got == []


def test_without_endpoints_the_stream_reads_them_once_and_queues_nothing(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    parley.drain()
    say(alice, conversation_id, *("hello" for _ in range(10)))
    with parley.watch() as calls:
        parley.drain()

    started = [call for call in calls if call.function == "StartFanOut"]
    assert len([call for call in started if call.params.get("TableName") == "parley-Webhooks"]) <= 1
    assert not [call for call in started if "WebhookEvents" in str(call.params.get("QueueUrl"))]


def test_failed_attempt_comes_again_and_holds_nothing_back(parley: Parley, receiver: Receiver) -> None:
    backend = host(parley)
    webhook = made(backend, receiver.url, "message.created")
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    parley.drain()
    receiver.take()
    [first] = say(alice, conversation_id, "first")
    tries: list[str] = []

    def answer(got: Got) -> int:
        tries.append(got.data["message"]["text"])
        return 500 if tries == ["first"] else 200

    receiver.answer = answer
    [second] = say(alice, conversation_id, "second")
    parley.drain()

    assert sorted(tries) == ["first", "first", "second"]
    assert len({got.id for got in receiver.got}) == 2
    assert [each["status"] for each in deliveries(backend, webhook["id"])[:2]] == ["succeeded", "succeeded"]
    assert of(backend, webhook["id"])["failing_since"] is None


def test_delivery_is_given_up_at_the_end_and_can_be_replayed(parley: Parley, receiver: Receiver) -> None:
    backend = host(parley)
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    parley.drain()
    webhook = made(backend, receiver.url, "message.created")
    receiver.status = 503
    say(alice, conversation_id, "hello")
    parley.drain()

    assert len(receiver.take()) == 4
    [failed] = deliveries(backend, webhook["id"], "?status=failed")
    assert (failed["attempts"], failed["response_status"], failed["code"]) == (4, 503, "http_error")
    assert deliveries(backend, webhook["id"], "?status=pending") == []
    assert of(backend, webhook["id"])["failing_since"] is not None

    receiver.status = 200
    again = backend.post(f"/admin/deliveries/{failed['id']}/replay")
    assert (again.status, again.json["status"]) == (202, "pending")
    parley.drain()

    [got] = receiver.got
    assert got.id == failed["event_id"] and got.verified(webhook["secret"])
    assert [each["status"] for each in deliveries(backend, webhook["id"])] == ["succeeded"]
    assert of(backend, webhook["id"])["failing_since"] is None


def test_410_disables_the_endpoint(parley: Parley, receiver: Receiver) -> None:
    backend = host(parley)
    webhook = made(backend, receiver.url, "message.created")
    receiver.status = 410
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    parley.drain()
    say(alice, conversation_id, "hello")
    parley.drain()

    assert len(receiver.got) == 1
    now = of(backend, webhook["id"])
    assert (now["enabled"], now["disabled_reason"]) == (False, "gone")


def test_erased_words_reach_no_later_attempt(parley: Parley, receiver: Receiver) -> None:
    backend = host(parley)
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    parley.drain()
    webhook = made(backend, receiver.url, "message.created")
    receiver.status = 500
    [message_id] = say(alice, conversation_id, "secret words")
    parley.drain()
    [failed] = deliveries(backend, webhook["id"])
    assert alice.delete(f"/messages/{message_id}").status == 200
    parley.drain()
    receiver.take()

    receiver.status = 200
    backend.post(f"/admin/deliveries/{failed['id']}/replay")
    parley.drain()

    [got] = receiver.got
    assert b"secret words" not in got.raw and got.data["message"]["deleted_at"] is not None


def test_an_erased_moderator_is_not_named_by_their_webhooks(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODERATOR_READS", "any")
    webhook = made(parley.user("mona", role="moderator"), "https://hooks.example.org/", "call.ended")
    backend = host(parley)
    assert backend.delete("/users/mona").status == 202
    parley.drain()

    assert of(backend, webhook["id"])["created_by"].startswith("~parley.erased-")
    rows = parley.store.client("dynamodb").scan(TableName="parley-Webhooks")["Items"]
    assert rows and "mona" not in str(rows)
