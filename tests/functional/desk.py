"""Tickets for tests: who opens them, and who answers."""

from tests.harness import Parley, Reply, User

DESCRIPTION = "I cannot see my booking any more."


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
