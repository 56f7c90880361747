"""POST /support/tickets with `from`: a message, or a direct chat, becomes a ticket."""

from typing import Any

import pytest

from tests.functional.attachments import clean_attachment
from tests.functional.desk import agent, history, note, open_ticket, respond
from tests.functional.replies import refusal
from tests.functional.talk import make_group, names, open_direct, say
from tests.harness import Parley, Reply, User


def take(person: User, source: dict[str, Any], **fields: object) -> Reply:
    """Makes a ticket of a message or a chat."""
    return person.post("/support/tickets", json={"subject": "My booking", "from": source, **fields})


def messages(reader: User, ticket_id: str) -> list[dict[str, Any]]:
    """Returns the messages of a ticket."""
    return list(reader.get(f"/conversations/{ticket_id}/messages").json["messages"])


def test_agent_makes_a_ticket_of_a_message_whose_author_is_the_requester(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    [_, asked] = say(alice, open_direct(agnes, alice), "Hello.", "I cannot see my booking.")
    device = alice.connect()
    parley.clock.ms += 60_000

    reply = take(agnes, {"message_id": asked}, category="booking", priority="high")

    assert reply.status == 201, reply
    ticket = reply.json
    fields = ("requester_id", "source_message_id", "category", "priority", "subject", "last_seq", "version")
    assert [ticket[name] for name in fields] == ["alice", asked, "booking", "high", "My booking", 1, 1]
    [first] = messages(alice, ticket["id"])
    assert (first["text"], first["sender_id"], first["from"]) == ("I cannot see my booking.", "agnes", "support")
    assert first["forwarded_from"]["sender_id"] == "alice"
    assert names(device.events()) == ["conversation_created", "ticket_created"]
    assert [one.get(f"/support/tickets/{ticket['id']}").json["unread"] for one in (alice, agnes)] == [1, 0]
    assert [entry["event"] for entry in history(agnes, ticket["id"])] == ["created"]


def test_taking_a_message_is_no_reply_of_the_desk(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    say(alice, open_direct(agnes, alice), "Hello.", "Are you there?")
    chat = open_direct(agnes, alice)

    ticket_id = take(agnes, {"conversation_id": chat}).json["id"]
    respond(agnes, ticket_id)

    assert [entry["event"] for entry in history(agnes, ticket_id)] == ["created", "responded"]


def test_customer_makes_a_ticket_of_their_own_message_alone(parley: Parley) -> None:
    alice, bob, agnes = parley.user("alice"), parley.user("bob"), agent(parley)
    group = make_group(alice, bob, agnes)
    [mine], [theirs] = say(alice, group, "Who can help?"), say(bob, group, "Not me.")
    private = say(agnes, open_direct(agnes, bob), "Between us.")[0]

    reply = take(alice, {"message_id": mine})

    assert (reply.status, reply.json["requester_id"]) == (201, "alice")
    assert messages(alice, reply.json["id"])[0]["from"] == "requester"
    assert refusal(take(alice, {"message_id": theirs})) == ("agents_only", 403, [("/from/message_id", "not_allowed")])
    assert take(agnes, {"message_id": theirs}).json["requester_id"] == "bob"
    for unseen in (private, f"{group}.99", "g_" + "a" * 26 + ".1"):
        assert refusal(take(alice, {"message_id": unseen}))[:2] == ("message_not_found", 404)


def test_a_direct_chat_becomes_a_ticket_with_its_last_messages(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    chat = open_direct(agnes, alice)
    said = [say(alice if at % 2 else agnes, chat, f"line {at}")[0] for at in range(13)]
    assert agnes.delete(f"/messages/{said[8]}?scope=everyone").status == 200
    assert agnes.delete(f"/messages/{said[11]}?scope=me").status == 200

    reply = take(agnes, {"conversation_id": chat})

    assert reply.status == 201, reply
    ticket = reply.json
    taken = [1, 2, 3, 4, 5, 6, 7, 9, 10, 12]
    assert (ticket["requester_id"], ticket["source_message_id"], ticket["last_seq"]) == ("alice", said[12], 10)
    found = messages(alice, ticket["id"])
    assert [one["text"] for one in found] == [f"line {at}" for at in taken]
    authors = ["alice" if at % 2 else "agnes" for at in taken]
    assert [one["forwarded_from"]["sender_id"] for one in found] == authors
    assert [one.get(f"/support/tickets/{ticket['id']}").json["unread"] for one in (alice, agnes)] == [10, 0]
    assert alice.post(f"/conversations/{ticket['id']}/messages", json={"text": "Yes."}).json["seq"] == 11


def test_customer_makes_a_ticket_of_their_chat(parley: Parley) -> None:
    alice, bob, agnes = parley.user("alice"), parley.user("bob"), agent(parley)
    chat = open_direct(alice, bob)
    say(bob, chat, "Pay me."), say(alice, chat, "I have paid.")

    ticket = take(alice, {"conversation_id": chat}).json

    assert (ticket["requester_id"], ticket["last_message"]["text"]) == ("alice", "I have paid.")
    assert [one["text"] for one in messages(agnes, ticket["id"])] == ["Pay me.", "I have paid."]
    assert refusal(take(parley.user("eve"), {"conversation_id": chat}))[:2] == ("conversation_not_found", 404)
    assert refusal(take(alice, {"conversation_id": chat}, requester_id="bob"))[0] == "agents_only"


def test_a_repeat_gets_the_ticket_also_if_the_message_is_gone(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    [asked] = say(alice, open_direct(agnes, alice), "Hello?")
    first = take(agnes, {"message_id": asked}, client_id="t1")
    assert alice.delete(f"/messages/{asked}?scope=everyone").status == 200

    again = take(agnes, {"message_id": asked}, client_id="t1")

    assert (first.status, again.status, again.json["id"]) == (201, 200, first.json["id"])
    assert refusal(take(agnes, {"message_id": asked}, client_id="t2"))[:2] == ("message_deleted", 409)
    other = take(agnes, {"conversation_id": asked.partition(".")[0]}, client_id="t1")
    assert refusal(other) == ("client_id_reused", 422, [("/client_id", "client_id_reused")])


def test_files_of_the_messages_come_along(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    chat = open_direct(agnes, alice)
    for name in ("one", "two"):
        body = {"text": name, "attachment_ids": [clean_attachment(parley, alice, chat)]}
        assert alice.post(f"/conversations/{chat}/messages", json=body).status == 201
    assert agnes.post(f"/messages/{chat}.1/forward", json={"conversation_ids": [chat]}).status == 200

    ticket_id = take(agnes, {"conversation_id": chat}).json["id"]

    # The third message shows the file of the first, which a ticket takes once: the newest counts.
    found = messages(agnes, ticket_id)
    assert [one["text"] for one in found] == ["two", "one"]
    ben = agent(parley, "ben")
    for one in found:
        [attachment] = one["attachments"]
        assert ben.get(f"/attachments/{attachment['id']}").status in (200, 302)
    assert take(agnes, {"message_id": f"{chat}.1"}).status == 201


def test_host_makes_tickets_of_messages_and_chats(parley: Parley) -> None:
    alice, agnes, host = parley.user("alice"), agent(parley), parley.user("backend", role="service")
    chat = open_direct(agnes, alice)
    [asked] = say(alice, chat, "Hello?")
    at = [("/requester_id", "required")]

    by_message = take(host, {"message_id": asked}).json
    by_chat = take(host, {"conversation_id": chat}, requester_id="alice", client_id="c1")
    again = take(host, {"conversation_id": chat}, requester_id="alice", client_id="c1")

    assert [one["requester_id"] for one in (by_message, by_chat.json)] == ["alice", "alice"]
    assert (by_chat.status, again.status, again.json["id"]) == (201, 200, by_chat.json["id"])
    [first] = messages(alice, by_message["id"])
    assert (first["sender_id"], first["via"], first["forwarded_from"]["sender_id"]) == ("alice", "host", "alice")
    assert refusal(take(host, {"conversation_id": chat})) == ("invalid_request", 400, at)
    assert refusal(take(host, {"conversation_id": chat}, requester_id="bob"))[2] == [("/requester_id", "not_allowed")]
    assert refusal(take(host, {"message_id": "d_" + "a" * 26 + ".1"}))[:2] == ("message_not_found", 404)


def test_a_note_becomes_no_ticket(parley: Parley) -> None:
    alice, agnes, host = parley.user("alice"), agent(parley), parley.user("backend", role="service")
    noted = note(agnes, open_ticket(alice)).json["id"]
    notes_id = noted.partition(".")[0]

    for person in (agnes, host):
        assert refusal(take(person, {"message_id": noted}, requester_id="alice"))[:2] == ("notes_stay", 403)
        assert refusal(take(person, {"conversation_id": notes_id}, requester_id="alice"))[:2] == ("notes_stay", 403)
    assert refusal(take(alice, {"message_id": noted}))[:2] == ("message_not_found", 404)
    assert len(alice.get("/support/tickets").json["tickets"]) == 1


def test_a_message_of_a_ticket_stays_the_requesters(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    first = open_ticket(alice)
    answer = respond(agnes, first, "And the refund?").json["id"]

    split = take(agnes, {"message_id": answer})

    assert (split.status, split.json["requester_id"]) == (201, "alice")
    assert refusal(take(alice, {"message_id": answer}))[0] == "agents_only"


def test_messages_of_people_who_were_erased_become_no_ticket_of_theirs(parley: Parley) -> None:
    alice, agnes, host = parley.user("alice"), agent(parley), parley.user("backend", role="service")
    chat = open_direct(agnes, alice)
    [asked] = say(alice, chat, "Hello?")
    say(agnes, chat, "Hello.")
    assert host.delete("/users/alice").status == 202
    parley.drain()

    assert refusal(take(agnes, {"message_id": asked})) == ("message_deleted", 409, [])
    assert refusal(take(agnes, {"conversation_id": chat})) == ("invalid_request", 400, [("/from", "not_allowed")])


def test_what_cannot_be_forwarded_becomes_no_ticket(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    group = make_group(agnes, alice)
    chat = open_direct(agnes, alice)

    assert refusal(take(agnes, {"message_id": f"{group}.1"}))[:2] == ("system_message", 403)
    assert refusal(take(agnes, {"conversation_id": chat}))[:2] == ("nothing_to_take", 409)
    at = [("/from/conversation_id", "not_allowed")]
    assert refusal(take(agnes, {"conversation_id": group})) == ("invalid_request", 400, at)


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({}, "/description", "required"),
        ({"from": None}, "/description", "required"),
        ({"from": {}}, "/from", "required"),
        ({"from": {"message_id": "d_" + "a" * 26 + ".1", "conversation_id": "d_" + "a" * 26}}, "/from", "not_allowed"),
        ({"from": {"message_id": "d_" + "a" * 26 + ".1"}, "description": "?"}, "/description", "not_allowed"),
        (
            {"from": {"message_id": "d_" + "a" * 26 + ".1"}, "attachment_ids": ["a_" + "a" * 26]},
            "/attachment_ids",
            "not_allowed",
        ),
        ({"from": {"message_id": "nothing"}}, "/from/message_id", "bad_format"),
        ({"from": {"conversation_id": "nothing"}}, "/from/conversation_id", "bad_format"),
        ({"from": {"user_id": "bob"}}, "/from/user_id", "unknown_field"),
    ],
    ids=["nothing", "null", "empty", "both", "description", "files", "message", "chat", "unknown"],
)
def test_wrong_sources_are_named(parley: Parley, fields: dict[str, object], pointer: str, code: str) -> None:
    reply = parley.user("alice").post("/support/tickets", json={"subject": "My booking", **fields})

    assert refusal(reply) == ("invalid_request", 400, [(pointer, code)])


def test_erasure_takes_the_words_of_its_person_out_of_the_ticket(parley: Parley) -> None:
    alice, bob, agnes = parley.user("alice"), parley.user("bob"), agent(parley)
    host = parley.user("backend", role="service")
    chat = open_direct(alice, bob)
    for at in range(3):
        say(bob if at % 2 else alice, chat, f"line {at}")
    ticket_id = take(alice, {"conversation_id": chat}).json["id"]

    assert host.delete("/users/bob").status == 202
    parley.drain()

    found = messages(agnes, ticket_id)
    assert [one["text"] for one in found] == ["line 0", "", "line 2"]
    assert found[1]["deleted_at"] is not None
