"""Canned replies: texts with placeholders such as `{{requester.name}}`, which an agent's reply fills in."""

import re
from collections.abc import Collection, Mapping

from parley.domain.api.errors import Field, Invalid
from parley.domain.api.fields import is_blank
from parley.domain.api.types import NamedUser
from parley.domain.conversations.head import Head
from parley.domain.support.desk import Desk
from parley.domain.support.ticket import StoredTicket

PLACEHOLDERS = (
    "requester.name",
    "agent.name",
    "ticket.number",
    "ticket.subject",
    "ticket.category",
)
# A text in two braces without a brace in it; the braces of a quoted program are left alone.
_placeholder = re.compile(r"\{\{\s*([^{}\s][^{}]*?)\s*\}\}")


def check_placeholders(text: str, pointer: str, known: Collection[str] = PLACEHOLDERS) -> None:
    """Refuses a text with a placeholder that nothing fills; the refusal names the first and those that there are."""
    unknown = next((name for name in _placeholder.findall(text) if name not in known), None)
    if unknown is not None:
        raise Invalid(
            "unknown_placeholder",
            f"Nothing fills the placeholder {{{{{unknown}}}}}. Known: {', '.join(known)}.",
            fields=(Field(pointer, "unknown_placeholder"),),
        )


def values_of(
    ticket: StoredTicket, head: Head, desk: Desk, users: Mapping[str, NamedUser], agent_id: str | None
) -> dict[str, str]:
    """Returns the values of the placeholders (`PLACEHOLDERS`), without the names of people nobody knows."""
    category = desk.categories.get(ticket.category)
    people = {"requester.name": ticket.requester_id, "agent.name": agent_id}
    return {
        "ticket.number": ticket.number,
        "ticket.subject": head.title or "",
        "ticket.category": ticket.category if category is None else category.name,
        **{
            placeholder: users[user_id].name
            for placeholder, user_id in people.items()
            if user_id is not None and user_id in users
        },
    }


def fill(text: str, values: Mapping[str, str]) -> str:
    """Returns a text with its placeholders filled; a value is never read as a placeholder itself.

    A placeholder without a value stays as it is, so that the agent sees it before sending.
    """
    return _placeholder.sub(lambda found: values.get(found[1], found[0]), text)


def unfilled(text: str, values: Mapping[str, str]) -> str | None:
    """Returns the first placeholder of a text that has no value, or one that nobody can see; None if each has one."""
    return next((name for name in _placeholder.findall(text) if is_blank(values.get(name, ""))), None)
