"""Tickets for tests: who opens them, and who answers."""

from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from parley.domain.support import desk_file
from parley.domain.support.desk import Desk
from tests.harness import Parley, Reply, User

DESCRIPTION = "I cannot see my booking any more."
# Whenever a test runs, the desk has its hours; text for its file.
ALWAYS_OPEN = """
[hours]
monday = ["00:00-24:00"]
tuesday = ["00:00-24:00"]
wednesday = ["00:00-24:00"]
thursday = ["00:00-24:00"]
friday = ["00:00-24:00"]
saturday = ["00:00-24:00"]
sunday = ["00:00-24:00"]
"""


def agent(parley: Parley, user_id: str = "agnes") -> User:
    """Returns an agent of the support desk."""
    return parley.user(user_id, role="agent")


def ask(requester: User, **fields: object) -> Reply:
    """Opens a ticket."""
    return requester.post("/support/tickets", json={"subject": "My booking", "description": DESCRIPTION, **fields})


def open_ticket(requester: User, **fields: object) -> str:
    """Returns the id of a new ticket of this person's."""
    reply = ask(requester, **fields)
    assert reply.status == 201, reply
    return str(reply.json["id"])


def answered_ticket(requester: User, agent: User, text: str = "Let me look.") -> str:
    """Returns the id of a ticket that an agent has answered, so that both are in it."""
    ticket_id = open_ticket(requester)
    assert agent.post(f"/conversations/{ticket_id}/messages", json={"text": text}).status == 201
    return ticket_id


def note(agent: User, ticket_id: str, text: str = "They have called twice.", client_id: str | None = None) -> Reply:
    """Writes a note of a ticket."""
    body = {"text": text} | ({} if client_id is None else {"client_id": client_id})
    return agent.post(f"/support/tickets/{ticket_id}/notes", json=body)


def change(person: User, ticket_id: str, **fields: object) -> Reply:
    """Changes a ticket."""
    return person.patch(f"/support/tickets/{ticket_id}", json=fields)


def change_all(person: User, ticket_ids: list[str], **fields: object) -> Reply:
    """Changes many tickets alike."""
    return person.post("/support/tickets/bulk", json={"ids": ticket_ids, "changes": fields})


def merge(person: User, ticket_id: str, into: str) -> Reply:
    """Merges a ticket into another one."""
    return person.post(f"/support/tickets/{ticket_id}/merge", json={"into": into})


def take(person: User, ticket_id: str) -> Reply:
    """Takes a ticket as an agent."""
    return person.post(f"/support/tickets/{ticket_id}/take", json={})


def assign(person: User, ticket_id: str, assignee_id: str | None, **fields: object) -> Reply:
    """Assigns a ticket."""
    return person.post(f"/support/tickets/{ticket_id}/assign", json={"assignee_id": assignee_id, **fields})


def respond(person: User, ticket_id: str, text: str = "Let me look.", **fields: object) -> Reply:
    """Answers a ticket as an agent."""
    return person.post(f"/support/tickets/{ticket_id}/respond", json={"text": text, **fields})


def history(person: User, ticket_id: str) -> list[dict[str, Any]]:
    """Returns the entries of a ticket's history."""
    reply = person.get(f"/support/tickets/{ticket_id}/history")
    assert reply.status == 200, reply
    return list(reply.json["entries"])


def use_office(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs the desk of `office.toml`: teams, hours, acknowledgements, and a status after each reply."""
    monkeypatch.setenv("SUPPORT", "office")


def rate(person: User, ticket_id: str, rating: int, **fields: object) -> Reply:
    """Rates a ticket."""
    return person.post(f"/support/tickets/{ticket_id}/rating", json={"rating": rating, **fields})


def put_on_duty(person: User, user_id: str = "", **fields: object) -> Reply:
    """Puts an agent on duty; themself if no other is named."""
    return person.put(f"/support/agents/{user_id or person.user_id}", json={"available": True, **fields})


def run_desk(monkeypatch: pytest.MonkeyPatch, text: str) -> Desk:
    """Runs a desk of this whole text, without a file; returns it."""
    desk = desk_file.load(text, "test.toml")
    monkeypatch.setattr("parley.adapters.support.desks.current", lambda: desk)
    return desk


def use_desk(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str) -> None:
    """Runs a desk of this text, with the category `general` beside what it says."""
    name = f"desk{crc32(text.encode())}"
    (folder / f"{name}.toml").write_text(f'{text}\n[categories.general]\nname = "General"\n')
    monkeypatch.setattr("parley.adapters.support.desks.FOLDER", folder)
    monkeypatch.setenv("SUPPORT", name)
