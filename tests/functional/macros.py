"""Macros for tests, and those who keep and apply them."""

from collections.abc import Mapping

from tests.functional.canned import admin
from tests.harness import Frame, Parley, Reply, User

PATH = "/support/macros"
EFFECTS = {"reply": "Hello {{requester.name}}, the money is on its way.", "status": "resolved", "add_tags": ["refund"]}


def keep(author: User, effects: Mapping[str, object] | None = None, **fields: object) -> Reply:
    """Makes a macro."""
    return author.post(PATH, json={"title": "Refund", "effects": EFFECTS if effects is None else effects, **fields})


def kept(author: User, effects: Mapping[str, object] | None = None, **fields: object) -> Frame:
    """Returns a new macro."""
    reply = keep(author, effects, **fields)
    assert reply.status == 201, reply
    return dict(reply.json)


def macro(parley: Parley, **effects: object) -> str:
    """Returns the id of a new macro with these effects."""
    return str(kept(admin(parley), effects)["id"])


def all_kept(reader: User, query: str = "") -> list[Frame]:
    """Returns the macros of the first page."""
    reply = reader.get(f"{PATH}{query}")
    assert reply.status == 200, reply
    return list(reply.json["macros"])


def apply(person: User, ticket_id: str, macro_id: str, **fields: object) -> Reply:
    """Applies a macro to a ticket."""
    return person.post(f"/support/tickets/{ticket_id}/macros/{macro_id}", json=fields)
