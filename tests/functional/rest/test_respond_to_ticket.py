"""POST /support/tickets/{ticket_id}/respond: the desk's reply is a message, and may change the ticket."""

import pytest

from tests.functional.desk import agent, change, history, open_ticket, respond, use_office
from tests.functional.replies import refusal
from tests.functional.talk import names
from tests.harness import Parley


def test_reply_is_a_message_from_support(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice)
    device = alice.connect()

    reply = respond(agnes, ticket_id, client_id="r-1")

    assert (reply.status, reply.json["from"], reply.json["seq"]) == (201, "support", 2)
    assert names(device.events()) == ["message_notification", "member_added"]
    again = respond(agnes, ticket_id, client_id="r-1")
    assert (again.status, again.json["replayed"], again.json["id"]) == (200, True, reply.json["id"])
    assert refusal(respond(agnes, ticket_id, "Something else.", client_id="r-1"))[0] == "client_id_reused"


def test_first_reply_is_in_the_history_with_its_time(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice)
    parley.advance(90)

    respond(agnes, ticket_id)
    respond(agnes, ticket_id, "And once more.")

    [_, first] = history(alice, ticket_id)
    assert (first["event"], first["first_response_ms"], first["changes"]) == ("responded", 90_000, {})
    assert alice.get(f"/support/tickets/{ticket_id}").json["version"] == 1, "nothing that people see has changed"


def test_reply_moves_the_ticket_as_the_desk_is_set_up(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    use_office(monkeypatch)
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice, category="destination")
    before = alice.get(f"/conversations/{ticket_id}").json["last_seq"]
    device = alice.connect()

    sent = respond(agnes, ticket_id).json

    assert names(device.events()) == ["message_notification", "message_notification", "member_added", "ticket_updated"]
    ticket = alice.get(f"/support/tickets/{ticket_id}").json
    assert (ticket["status"], ticket["last_seq"], sent["seq"]) == ("waiting_on_customer", before + 2, before + 1)
    assert agnes.get(f"/support/tickets/{ticket_id}").json["unread"] == 0
    last = history(alice, ticket_id)[-1]
    assert (last["event"], last["first_response_ms"]) == ("updated", 0)
    assert last["changes"] == {"status": {"from": "open", "to": "waiting_on_customer"}}


def test_customers_do_not_respond(parley: Parley) -> None:
    alice = parley.user("alice")
    ticket_id = open_ticket(alice)

    assert refusal(respond(alice, ticket_id)) == ("agents_only", 403, [])
    assert refusal(respond(parley.user("bob"), ticket_id)) == ("agents_only", 403, [])
    assert refusal(respond(parley.user("host", role="service"), ticket_id)) == ("agents_only", 403, [])


def test_unknown_ticket_and_closed_one(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice)
    change(alice, ticket_id, status="closed")

    assert refusal(respond(agnes, "t_" + "a" * 26)) == ("ticket_not_found", 404, [])
    assert refusal(respond(agnes, ticket_id)) == ("conversation_closed", 403, [])


@pytest.mark.parametrize(
    ("body", "pointer"), [({}, "/text"), ({"text": " "}, "/text"), ({"text": "a", "reply_to": "x"}, "/reply_to")]
)
def test_wrong_field_is_named(parley: Parley, body: dict[str, object], pointer: str) -> None:
    ticket_id = open_ticket(parley.user("alice"))

    reply = agent(parley).post(f"/support/tickets/{ticket_id}/respond", json=body)

    assert (reply.status, reply.json["errors"][0]["pointer"]) == (400, pointer)
