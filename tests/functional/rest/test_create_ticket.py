"""POST /support/tickets: a ticket is opened once, and is a conversation of its requester."""

import re

import pytest

from parley.domain.support.numbers import read_number
from tests.functional.desk import DESCRIPTION, agent, ask, history, open_ticket, respond, use_office
from tests.functional.erasures import erased
from tests.functional.replies import invalid, refusal
from tests.functional.talk import named
from tests.harness import Parley


def test_customer_opens_a_ticket_whose_description_is_the_first_message(parley: Parley) -> None:
    alice = parley.user("alice")

    reply = ask(alice, category="booking", priority="high", tags=["vip"], context={"type": "booking", "id": "b-1"})

    ticket = reply.json
    assert reply.status == 201
    assert re.fullmatch(r"t_[a-z2-7]{26}", ticket["id"])
    assert read_number(ticket["number"]) == ticket["number"]
    assert {name: ticket[name] for name in ("subject", "status", "priority", "category", "requester_id")} == {
        "subject": "My booking",
        "status": "open",
        "priority": "high",
        "category": "booking",
        "requester_id": "alice",
    }
    assert (ticket["tags"], ticket["context"]) == (["vip"], {"type": "booking", "id": "b-1"})
    assert (ticket["assignee_id"], ticket["version"], ticket["unread"]) == (None, 1, 0)
    assert ticket["users"] == named(parley, "alice")
    [first] = alice.get(f"/conversations/{ticket['id']}/messages").json["messages"]
    assert (first["text"], first["sender_id"], first["from"]) == (DESCRIPTION, "alice", "requester")


def test_ticket_has_the_defaults_of_the_desk(parley: Parley) -> None:
    ticket = ask(parley.user("alice")).json

    assert (ticket["category"], ticket["priority"], ticket["tags"]) == ("general", "medium", [])


def test_devices_of_the_requester_learn_of_a_new_ticket(parley: Parley) -> None:
    alice = parley.user("alice")
    socket = alice.connect()

    ticket = ask(alice).json

    events = {frame["event"]: frame["data"] for frame in socket.events()}
    assert events["conversation_created"]["conversation"]["id"] == ticket["id"]
    assert events["conversation_created"]["conversation"]["type"] == "ticket"
    assert events["ticket_created"]["ticket"] == {name: ticket[name] for name in ticket if name != "users"}


def test_a_client_id_opens_one_ticket_only(parley: Parley) -> None:
    alice = parley.user("alice")

    first, second = (ask(alice, client_id="c-1") for _ in range(2))

    assert (first.status, second.status) == (201, 200)
    assert first.json == second.json
    assert len(alice.get("/support/tickets").json["tickets"]) == 1
    other = ask(alice, client_id="c-1", description="Something else.")
    assert refusal(other) == ("client_id_reused", 422, [("/client_id", "client_id_reused")])


def test_two_tickets_never_share_a_number(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.actions.support.tickets.number_of", lambda _, attempt: f"100-000-00{attempt}")

    numbers = [ask(parley.user("alice")).json["number"] for _ in range(3)]

    assert numbers == ["100-000-000", "100-000-001", "100-000-002"]


def test_agent_opens_a_ticket_for_a_customer(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)

    ticket = ask(agnes, requester_id="alice").json

    assert ticket["requester_id"] == "alice"
    assert set(ticket["users"]) == {"alice", "agnes"}
    [mine] = alice.get("/support/tickets").json["tickets"]
    assert (mine["id"], mine["unread"]) == (ticket["id"], 1)
    assert agnes.get("/support/tickets").json["tickets"] == []
    [first] = alice.get(f"/conversations/{ticket['id']}/messages").json["messages"]
    assert (first["sender_id"], first["from"]) == ("agnes", "support")


def test_words_of_an_agent_are_a_first_reply_and_are_not_acknowledged(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_office(monkeypatch)
    alice, agnes = parley.user("alice"), agent(parley)

    ticket_id = ask(agnes, requester_id="alice", category="booking").json["id"]

    messages = alice.get(f"/conversations/{ticket_id}/messages").json["messages"]
    assert [message["sender_id"] for message in messages] == ["agnes"]
    clock = agnes.get(f"/support/tickets/{ticket_id}/sla").json["first_response"]
    assert (clock["used_ms"], clock["ended_at"]) == (0, clock["started_at"])
    assert respond(agnes, ticket_id).status == 201
    assert not [entry for entry in history(agnes, ticket_id) if "first_response_ms" in entry]


def test_program_that_uses_a_client_id_for_another_customer_is_told_so(parley: Parley) -> None:
    parley.user("alice"), parley.user("bob")
    host = parley.user("backend", role="service")
    assert ask(host, requester_id="alice", client_id="c-1").status == 201

    reply = ask(host, requester_id="bob", client_id="c-1")

    assert refusal(reply) == ("client_id_reused", 422, [("/client_id", "client_id_reused")])


def test_context_is_one_that_the_policy_knows(parley: Parley) -> None:
    reply = ask(parley.user("alice"), context={"type": "nope", "id": "1"})

    assert refusal(reply) == ("unknown_context_type", 400, [("/context/type", "not_allowed")])


def test_host_opens_a_ticket_in_a_customers_name(parley: Parley) -> None:
    alice, host = parley.user("alice"), parley.user("backend", role="service")

    ticket = ask(host, requester_id="alice", client_id="c-1").json

    assert ask(host, requester_id="alice", client_id="c-1").status == 200
    [mine] = alice.get("/support/tickets").json["tickets"]
    assert (mine["id"], mine["unread"]) == (ticket["id"], 1)
    [first] = alice.get(f"/conversations/{ticket['id']}/messages").json["messages"]
    assert (first["sender_id"], first["from"], first["via"]) == ("alice", "requester", "host")


def test_host_names_the_requester(parley: Parley) -> None:
    host = parley.user("backend", role="service")

    assert refusal(ask(host)) == ("invalid_request", 400, [("/requester_id", "required")])
    own = ask(host, requester_id="backend")
    assert refusal(own) == ("invalid_request", 400, [("/requester_id", "not_allowed")])


def test_nobody_opens_a_ticket_for_a_person_who_was_erased(parley: Parley) -> None:
    parley.user("bob")
    erased(parley, "bob")

    for opener in (agent(parley), parley.user("backend", role="service")):
        reply = ask(opener, requester_id="bob")

        assert (reply.status, reply.json["errors"]) == (404, [{"pointer": "/requester_id", "code": "not_allowed"}])


def test_customer_opens_no_ticket_for_another(parley: Parley) -> None:
    parley.user("bob")

    reply = ask(parley.user("alice"), requester_id="bob")

    assert refusal(reply) == ("agents_only", 403, [("/requester_id", "not_allowed")])
    assert reply.json["rule"] == "AgentRoles"
    assert parley.user("bob").get("/support/tickets").json["tickets"] == []


def test_unknown_category_is_refused_with_those_of_the_desk(parley: Parley) -> None:
    reply = ask(parley.user("alice"), category="weather")

    assert refusal(reply) == ("unknown_category", 400, [("/category", "not_allowed")])
    assert "general" in reply.json["detail"]


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"subject": " "}, "/subject", "blank"),
        ({"subject": "a" * 201}, "/subject", "too_long"),
        ({"description": ""}, "/description", "blank"),
        ({"priority": "huge"}, "/priority", "not_allowed"),
        ({"tags": ["a b"]}, "/tags/0", "bad_format"),
        ({"tags": [f"t{number}" for number in range(11)]}, "/tags", "too_many_items"),
        ({"assignee_id": "agnes"}, "/assignee_id", "unknown_field"),
    ],
    ids=["blank subject", "long subject", "no description", "priority", "tag with a space", "many tags", "assignee"],
)
def test_wrong_field_is_named(parley: Parley, fields: dict[str, object], pointer: str, code: str) -> None:
    assert refusal(ask(parley.user("alice"), **fields)) == invalid((pointer, code))


def test_banned_word_opens_no_ticket(parley: Parley) -> None:
    moderator = parley.user("mona", role="moderator")
    rule = {"id": "spam", "kind": "word", "text": "casino", "action": "reject"}
    current = moderator.get("/admin/banned-words").json
    moderator.put("/admin/banned-words", json={"version": current["version"], "rules": [rule]})
    alice = parley.user("alice")
    parley.clock.ms += 120_000

    reply = ask(alice, subject="casino")

    assert refusal(reply) == ("banned_words", 422, [("/subject", "not_allowed")])
    assert alice.get("/support/tickets").json["tickets"] == []


def test_flagged_word_of_a_ticket_comes_to_the_moderators(parley: Parley) -> None:
    moderator = parley.user("mona", role="moderator")
    rule = {"id": "spam", "kind": "word", "text": "casino", "action": "flag"}
    current = moderator.get("/admin/banned-words").json
    moderator.put("/admin/banned-words", json={"version": current["version"], "rules": [rule]})
    parley.clock.ms += 120_000

    ticket_id = open_ticket(parley.user("alice"), description="The casino has charged me twice.")

    [found] = moderator.get("/admin/reports").json["reports"]
    assert (found["message_id"], found["rule"]) == (f"{ticket_id}.1", "spam")


def test_ticket_is_no_group_and_no_chat_of_its_requester(parley: Parley) -> None:
    alice = parley.user("alice")
    ticket_id = open_ticket(alice)

    assert [one["id"] for one in alice.get("/conversations?type=ticket").json["conversations"]] == [ticket_id]
    assert alice.get("/conversations?type=direct,group").json["conversations"] == []
