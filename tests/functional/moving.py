"""Conversations of another system, as an importer sends them."""

from typing import Any

from tests.functional.attachments import FILE, put_object, set_row
from tests.harness import Frame, Parley, Reply, User

RUN = "rehearsal-1"
CREATED = "2024-03-01T08:00:00Z"


def host_of(parley: Parley) -> User:
    """Returns the host's own server."""
    return parley.user("backend", role="service")


def people(parley: Parley, *user_ids: str) -> None:
    """Puts these people, as an importer does before their conversations."""
    reply = host_of(parley).put("/users", json={"users": [{"id": user_id, "name": user_id} for user_id in user_ids]})
    assert reply.status == 200, reply


def direct(**fields: object) -> Frame:
    """Returns the body that begins the import of a conversation of alice and bob."""
    members = [{"user_id": "alice"}, {"user_id": "bob"}]
    return {"run": RUN, "source_id": "c-1", "type": "direct", "members": members, "created_at": CREATED, **fields}


def group(*user_ids: str, **fields: object) -> Frame:
    """Returns the body that begins the import of a group, whose first member owns it."""
    members = [{"user_id": each, "role": "member" if place else "owner"} for place, each in enumerate(user_ids)]
    body = {"run": RUN, "source_id": "g-1", "type": "group", "members": members, "created_at": CREATED}
    return {**body, "title": "Chess", **fields}


def begin(parley: Parley, body: Frame) -> str:
    """Begins an import; returns the id of the conversation."""
    reply = host_of(parley).post("/migration/conversations", json=body)
    assert reply.status == 201, reply
    return str(reply.json["conversation_id"])


def message(seq: int, sender_id: str = "alice", text: str | None = None, **fields: object) -> Frame:
    """Returns a message that was written `seq` minutes after the conversation began."""
    created_at = f"2024-03-01T{8 + seq // 60:02d}:{seq % 60:02d}:00Z"
    said = {"text": f"message {seq}" if text is None else text}
    return {"seq": seq, "sender_id": sender_id, "created_at": created_at, **said, **fields}


def bring(parley: Parley, conversation_id: str, *messages: Frame, run: str = RUN) -> Reply:
    """Sends messages of an import."""
    body = {"run": run, "messages": list(messages)}
    return host_of(parley).post(f"/migration/conversations/{conversation_id}/messages", json=body)


def finish(parley: Parley, conversation_id: str, last_seq: int, *members: dict[str, Any], run: str = RUN) -> Reply:
    """Ends an import with the members' sides."""
    body = {"run": run, "last_seq": last_seq, "members": list(members)}
    return host_of(parley).post(f"/migration/conversations/{conversation_id}/finish", json=body)


ASKED = {"client_id": "f-1", "name": "Stundenplan.pdf", "type": "application/pdf", "size": 1000}


def ask_file(parley: Parley, conversation_id: str, user_id: str = "alice", **changed: object) -> Reply:
    """Asks for the upload of a file of an import."""
    body = {"run": RUN, "user_id": user_id, **ASKED, **changed}
    return host_of(parley).post(f"/migration/conversations/{conversation_id}/attachments", json=body)


def clean_file(parley: Parley, conversation_id: str, user_id: str = "alice", **changed: object) -> str:
    """Returns the id of a file of an import that the scanner has found clean, with its object in the bucket."""
    reply = ask_file(parley, conversation_id, user_id, **changed)
    assert reply.status == 201, reply
    attachment_id = str(reply.json["attachment"]["id"])
    put_object(parley, f"files/{attachment_id}", FILE)
    set_row(parley, attachment_id, state="clean", version=3, size=len(FILE))
    return attachment_id


def imported_direct(parley: Parley, *messages: Frame, read_seq: int = 0) -> str:
    """Returns the id of an imported conversation of alice and bob, of which both have read up to `read_seq`."""
    people(parley, "alice", "bob")
    conversation_id = begin(parley, direct())
    if messages:
        assert bring(parley, conversation_id, *messages).status == 200
    sides = [{"user_id": user_id, "read_seq": read_seq} for user_id in ("alice", "bob")]
    reply = finish(parley, conversation_id, len(messages), *sides)
    assert reply.status == 200, reply
    return conversation_id


def ticket(*user_ids: str, **fields: object) -> Frame:
    """Returns the body that begins the import of a ticket of the first of these people; the others are agents."""
    members = [{"user_id": user_id} for user_id in user_ids]
    body = {"run": RUN, "source_id": "t-1", "type": "ticket", "members": members, "created_at": CREATED}
    return {**body, "requester_id": user_ids[0], "title": "My bicycle is broken", **fields}


def notes(*user_ids: str, **fields: object) -> Frame:
    """Returns the body that begins the import of the notes of that ticket."""
    members = [{"user_id": user_id} for user_id in user_ids]
    body = {"run": RUN, "source_id": "t-1", "type": "notes", "members": members, "created_at": CREATED}
    return {**body, **fields}


def finish_ticket(parley: Parley, ticket_id: str, last_seq: int, *members: dict[str, Any], **state: object) -> Reply:
    """Ends the import of a ticket with its state."""
    body = {"run": RUN, "last_seq": last_seq, "members": list(members), "ticket": state}
    return host_of(parley).post(f"/migration/conversations/{ticket_id}/finish", json=body)


def imported_ticket(parley: Parley, **state: object) -> str:
    """Returns the id of an imported ticket of alice, which sam has, with two messages that both have read."""
    people(parley, "alice", "sam")
    ticket_id = begin(parley, ticket("alice", "sam"))
    assert bring(parley, ticket_id, message(1), message(2, "sam")).status == 200
    sides = [{"user_id": user_id, "read_seq": 2} for user_id in ("alice", "sam")]
    reply = finish_ticket(parley, ticket_id, 2, *sides, **{"assignee_id": "sam", **state})
    assert reply.status == 200, reply
    return ticket_id
