"""POST /attachments: a file for a direct conversation that need not exist yet."""

import pytest

from tests.functional.attachments import ASKED, put_object, set_row
from tests.functional.replies import invalid, malformed_bodies, refusal, stored
from tests.functional.talk import open_direct
from tests.harness import Parley, Reply, User

AS_JSON = {"Accept": "application/json"}


def ask(person: User, user_id: str, **changed: object) -> Reply:
    return person.post("/attachments", json=ASKED | {"user_id": user_id} | changed)


@pytest.mark.parametrize(
    "context", [None, {"type": "general"}, {"type": "pattern", "id": "p7", "title": "A scarf"}], ids=str
)
def test_attachment_belongs_to_the_conversation_that_the_first_message_opens(
    parley: Parley, context: dict[str, str] | None
) -> None:
    held = {"pattern": ["p7"]}
    alice, _ = parley.user("alice", "customer", contexts=held), parley.user("bob", "creator", contexts=held)
    about = {} if context is None else {"context": context}

    asked = ask(alice, "bob", **about)
    sent = alice.post("/messages", json={"user_id": "bob", "text": "hello", **about})

    assert (asked.status, sent.status) == (201, 201)
    attachment = asked.json["attachment"]
    assert attachment["state"] == "pending"
    assert attachment["conversation_id"] == sent.json["conversation_id"]
    assert asked.json["upload"]["fields"]["key"] == attachment["id"]


def test_nothing_but_the_attachment_is_made(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")

    assert ask(alice, "bob").status == 201

    assert bob.get("/conversations").json["conversations"] == []
    assert stored(parley)["Conversations"] == []


def test_repeated_request_gets_the_same_attachment(parley: Parley) -> None:
    alice, _ = parley.user("alice"), parley.user("bob")

    first, again, other = (ask(alice, "bob", client_id="f1", size=size) for size in (10, 10, 11))

    assert (first.status, again.status) == (201, 200)
    assert again.json["attachment"] == first.json["attachment"]
    assert refusal(other) == ("client_id_reused", 422, [("/client_id", "client_id_reused")])


def test_uploader_alone_sees_it_before_the_conversation_exists(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    attachment_id = ask(alice, "bob").json["attachment"]["id"]
    set_row(parley, attachment_id, state="clean")
    put_object(parley, f"files/{attachment_id}", b"the file")

    mine = alice.get(f"/attachments/{attachment_id}", headers=AS_JSON)
    theirs = bob.get(f"/attachments/{attachment_id}", headers=AS_JSON)

    assert parley.download(mine.json["url"]).body == b"the file"
    assert refusal(theirs)[:2] == ("attachment_not_found", 404)


def test_who_may_not_open_the_conversation_may_not_upload(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    bob.put("/users/alice/block")
    before = stored(parley)
    about: dict[str, object] = {"context": {"type": "pattern", "id": "p7"}}
    wanted: list[tuple[User, str, dict[str, object]]] = [
        (alice, "alice", {}),
        (alice, "bob", {}),
        (bob, "alice", {}),
        (alice, "bob", about),
        (alice, "nobody", about),
    ]

    asked = [ask(person, user_id, **more) for person, user_id, more in wanted]
    opened = [
        person.post("/conversations", json={"type": "direct", "user_id": user_id, **more})
        for person, user_id, more in wanted
    ]

    assert [refusal(reply) for reply in asked] == [refusal(reply) for reply in opened]
    assert stored(parley) == before


def test_conversation_that_exists_decides_by_the_rights_to_write_there(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    allowed = ask(bob, "alice")
    bob.put("/users/alice/block")

    assert allowed.json["attachment"]["conversation_id"] == conversation_id
    assert [refusal(ask(*pair))[:2] for pair in ((alice, "bob"), (bob, "alice"))] == [("blocked", 403)] * 2


def test_wrong_fields_are_named(parley: Parley) -> None:
    alice, _ = parley.user("alice"), parley.user("bob")

    assert refusal(ask(alice, "bob", type="text/html")) == invalid(("/type", "type_not_allowed"))
    assert refusal(ask(alice, "bob", size=10**9)) == invalid(("/size", "too_large"))
    assert refusal(ask(alice, "")) == invalid(("/user_id", "bad_format"))
    assert malformed_bodies(lambda raw: alice.post("/attachments", raw=raw)) == {}


TICKET = {"for": "ticket", "ticket_client_id": "t1"}


def test_ticket_is_opened_with_files(parley: Parley) -> None:
    alice = parley.user("alice")
    asked, again = (alice.post("/attachments", json=ASKED | TICKET | {"client_id": "f1"}) for _ in range(2))
    attachment_id = asked.json["attachment"]["id"]
    set_row(parley, attachment_id, state="clean")
    subject = {"subject": "My booking", "description": "See the picture.", "client_id": "t1"}

    other = alice.post("/support/tickets", json=subject | {"client_id": "t2", "attachment_ids": [attachment_id]})
    opened = alice.post("/support/tickets", json=subject | {"attachment_ids": [attachment_id]})

    assert (asked.status, again.status, opened.status) == (201, 200, 201)
    assert again.json["attachment"]["id"] == attachment_id
    assert refusal(other)[0] == "attachment_of_other_conversation"
    assert asked.json["attachment"]["conversation_id"] == opened.json["id"]
    [message] = alice.get(f"/conversations/{opened.json['id']}/messages").json["messages"]
    assert [each["id"] for each in message["attachments"]] == [attachment_id]


def test_file_for_a_ticket_that_is_there_needs_the_right_to_write_in_it(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), parley.user("agnes", role="agent")
    opened = agnes.post("/support/tickets", json={"subject": "A", "description": "B", "client_id": "t1"})
    parley.user("ida", role="agent").post(
        "/support/tickets", json={"subject": "A", "description": "B", "client_id": "t1", "requester_id": "alice"}
    )

    own = agnes.post("/attachments", json=ASKED | TICKET)
    former = parley.user("ida").post("/attachments", json=ASKED | TICKET)
    new = alice.post("/attachments", json=ASKED | TICKET)

    assert own.json["attachment"]["conversation_id"] == opened.json["id"]
    assert refusal(former)[:2] == ("conversation_not_found", 404)
    assert new.status == 201


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, [("/user_id", "required")]),
        ({"ticket_client_id": "t1"}, [("/user_id", "required")]),
        ({"for": "ticket"}, [("/ticket_client_id", "required")]),
        (TICKET | {"context": {"type": "general"}}, [("/context", "contradiction")]),
        (TICKET | {"user_id": "bob"}, [("/for", "contradiction"), ("/ticket_client_id", "contradiction")]),
        ({"for": "group"}, [("/for", "not_allowed")]),
    ],
    ids=str,
)
def test_file_is_for_a_person_or_for_a_ticket(
    parley: Parley, fields: dict[str, object], wrong: list[tuple[str, str]]
) -> None:
    alice, _ = parley.user("alice"), parley.user("bob")

    assert refusal(alice.post("/attachments", json=ASKED | fields)) == ("invalid_request", 400, wrong)
    assert stored(parley)["Files"] == []
