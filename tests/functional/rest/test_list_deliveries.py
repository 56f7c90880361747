"""GET /admin/webhooks/{webhook_id}/deliveries: what became of each event, newest first, by status."""

from tests.functional.desk import agent, answered_ticket, note
from tests.functional.hooks import ENDPOINTS, Got, Receiver, deliveries, host, made, receiver
from tests.functional.replies import invalid, refusal
from tests.functional.talk import meet, say
from tests.harness import Parley

__all__ = ["receiver"]


def test_deliveries_are_listed_by_page_and_status(parley: Parley, receiver: Receiver) -> None:
    backend = host(parley)
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    parley.drain()
    webhook = made(backend, receiver.url, "message.created")
    path = f"{ENDPOINTS}/{webhook['id']}/deliveries"

    def answer(got: Got) -> int:
        return 500 if got.data["message"]["text"] in ("1", "3") else 204

    receiver.answer = answer
    for number in range(5):
        say(alice, conversation_id, str(number))
        parley.advance(1)
    parley.drain()

    everything = deliveries(backend, webhook["id"])
    assert [each["status"] for each in everything] == ["succeeded", "failed", "succeeded", "failed", "succeeded"]
    times = [each["occurred_at"] for each in everything]
    assert times == sorted(times, reverse=True)
    assert deliveries(backend, webhook["id"], "?status=failed") == everything[1::2]
    assert deliveries(backend, webhook["id"], "?status=pending") == []
    first = backend.get(f"{path}?limit=3").json
    rest = backend.get(f"{path}?limit=3&cursor={first['next']}").json
    assert [*first["deliveries"], *rest["deliveries"]] == everything and rest["next"] is None


def test_no_message_is_in_the_list(parley: Parley, receiver: Receiver) -> None:
    backend = host(parley)
    webhook = made(backend, receiver.url)
    alice, bob = parley.user("alice"), parley.user("bob")
    say(alice, meet(alice, bob), "secret words")
    parley.drain()

    reply = backend.get(f"{ENDPOINTS}/{webhook['id']}/deliveries")
    rows = parley.store.client("dynamodb").scan(TableName="parley-Webhooks")["Items"]

    assert reply.json["deliveries"] and "secret words" not in reply.text and "secret words" not in str(rows)


def test_wrong_questions_are_refused(parley: Parley) -> None:
    backend = host(parley)
    path = f"{ENDPOINTS}/{made(backend, 'https://hooks.example.org/')['id']}/deliveries"

    assert refusal(backend.get(f"{path}?status=lost"))[2] == [("?status", "not_allowed")]
    assert refusal(backend.get(f"{path}?cursor=nonsense")) == invalid(("?cursor", "bad_cursor"))
    assert refusal(backend.get(f"{ENDPOINTS}/wh_{'a' * 26}/deliveries")) == ("webhook_not_found", 404, [])
    assert refusal(parley.user("eve").get(path)) == ("webhooks_closed", 403, [])


def test_deliveries_name_their_conversation_and_message(parley: Parley, receiver: Receiver) -> None:
    backend = host(parley)
    webhook = made(backend, receiver.url)
    alice, agnes = parley.user("alice"), agent(parley)
    conversation_id = meet(alice, parley.user("bob"))
    [message_id] = say(alice, conversation_id, "hello")
    assert alice.patch(f"/messages/{message_id}", json={"text": "hello again"}).status == 200
    ticket_id = answered_ticket(alice, agnes)
    note_id = note(agnes, ticket_id).json["id"]
    assert agnes.patch(f"/messages/{note_id}", json={"text": "changed"}).status == 200
    parley.advance(60)
    parley.user("alice", name="Alice Liddell")
    parley.drain()
    backend.post(f"{ENDPOINTS}/{webhook['id']}/test")
    parley.drain()

    found = deliveries(backend, webhook["id"], "?limit=100")
    named = {(each["type"], each["conversation_id"], each["message_id"]) for each in found}
    notes_id = note_id.rpartition(".")[0]
    assert named >= {
        ("message.created", conversation_id, message_id),
        ("message.updated", conversation_id, message_id),
        ("conversation.created", conversation_id, None),
        ("note.created", notes_id, note_id),
        ("note.updated", notes_id, note_id),
        ("ticket.created", ticket_id, None),
        ("user.updated", None, None),
        ("webhook.test", None, None),
    }
    assert {each["message_id"] is not None for each in found if each["type"].startswith("message.")} == {True}
