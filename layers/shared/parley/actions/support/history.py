"""The history of a ticket, for those who may read it."""

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from parley.actions import access, named
from parley.actions.support.answers import no_ticket
from parley.adapters.support import ticket_history
from parley.domain.api import cursors, ids
from parley.domain.api.errors import NotFound
from parley.domain.api.outbox import OutboxEntry
from parley.domain.api.request import Request
from parley.domain.api.requests import Page
from parley.domain.api.times import rfc3339
from parley.domain.api.types import NamedUser
from parley.domain.conversations.history import Room
from parley.domain.support.clocks import ClockName
from parley.domain.support.ticket import FieldChange


class HistoryEntry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry of a ticket's history: what happened, who did it, when, and the fields that changed.

    `number` counts the entries. Agents alone see the `note` of an assignment, and the entries of clocks
    (`sla_warning`, `sla_breach`), which say which `clock` it was; their `at` is the instant of the target.
    `first_response_ms` is the time from the ticket's opening to the desk's first reply, `rating` and `comment` the
    requester's, `ticket_id` the follow-up. Of a change or a reply by a macro, agents alone see its `macro_id`.
    `rule_id` is the rule of the desk that has fired (`rule_fired`); the requester sees those that have changed the
    ticket or written to them.
    """

    number: int
    event: str
    user_id: str
    at: str
    changes: dict[str, FieldChange]
    first_response_ms: int | None = None
    note: str | None = None
    rating: int | None = None
    comment: str | None = None
    ticket_id: str | None = None
    clock: ClockName | None = None
    macro_id: str | None = None
    rule_id: str | None = None


class TicketHistory(Struct, frozen=True, kw_only=True):
    """A page of a ticket's history, the oldest entries first."""

    entries: list[HistoryEntry]
    next: str | None
    users: dict[str, NamedUser]


class HistoryPosition(Struct, frozen=True, kw_only=True):
    """The number of the last entry of a page."""

    number: Annotated[int, Meta(ge=1)]


def list_ticket_history(request: Request, ticket_id: str, query: Page) -> TicketHistory:
    """Returns a page of a ticket's history to its requester and to agents; three round trips."""
    ids.check_ticket_id(ticket_id, "{ticket_id}")
    after = cursors.decode(query.cursor, HistoryPosition)
    try:
        reader, head = access.access_to_read(request, ticket_id, "ticket_history")
    except NotFound:
        raise no_ticket() from None
    of_desk = reader.user_id != head.requester_id
    number = 0 if after is None else after.number
    if of_desk:
        found = ticket_history.entries_after(ticket_id, number, query.limit + 1)
    else:
        found = ticket_history.shown_after(ticket_id, number, query.limit + 1)
    views = (view_of_entry(entry, of_desk=of_desk) for entry in found[: query.limit])
    shown = list(Room().fitting(views))
    more = len(found) > len(shown)
    return TicketHistory(
        entries=shown,
        next=cursors.encode(HistoryPosition(number=shown[-1].number)) if more else None,
        users=named.users(reader, _people(shown)),
    )


def view_of_entry(entry: OutboxEntry, *, of_desk: bool) -> HistoryEntry:
    """Returns an entry as its readers see it: agents, or the requester."""
    about: dict[str, Any] = dict(entry.about)
    return HistoryEntry(
        number=entry.number,
        event=about["event"],
        user_id=about["user_id"],
        at=rfc3339(int(about.get("at_ms", entry.at_ms))),
        changes=msgspec.convert(about.get("changes", {}), dict[str, FieldChange], strict=False),
        first_response_ms=int(about["first_response_ms"]) if "first_response_ms" in about else None,
        note=about.get("note") if of_desk else None,
        rating=int(about["rating"]) if "rating" in about else None,
        comment=about.get("comment"),
        ticket_id=about.get("ticket_id"),
        clock=about.get("clock"),
        macro_id=about.get("macro_id") if of_desk else None,
        rule_id=about.get("rule_id"),
    )


def _people(entries: list[HistoryEntry]) -> Iterator[str]:
    """Yields who did it, then the assignees."""
    yield from (entry.user_id for entry in entries)
    for moved in (entry.changes["assignee_id"] for entry in entries if "assignee_id" in entry.changes):
        yield from (each for each in (moved.before, moved.after) if isinstance(each, str))
