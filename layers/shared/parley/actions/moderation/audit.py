"""Reading the audit log."""

from msgspec import Struct

from parley.actions import access, named
from parley.adapters.moderation import audit
from parley.domain.api import cursors
from parley.domain.api.request import Request
from parley.domain.api.requests import AuditQuery
from parley.domain.api.types import NamedUser
from parley.domain.moderation.audit import (
    FIRST_MONTH,
    MAX_MONTHS,
    OF_PEOPLE,
    AuditEntry,
    Entry,
    Position,
    about,
    month_of,
    months_back,
    time_ms,
    view_entry,
)

MAX_LOOKED = 1000  # entries that one request looks through for matches


class AuditPage(Struct, frozen=True, kw_only=True):
    """A page of the log, newest first. It may hold fewer than `limit`, or none: only without `next` it is the last."""

    entries: list[AuditEntry]
    next: str | None
    users: dict[str, NamedUser]


def list_audit(request: Request, query: AuditQuery) -> AuditPage:
    """Returns a page of the audit log, to moderators; one round trip for each month that it looks through, and one.

    Entries about notes of the caller's own tickets are left out: one more per month and 100 notes that they name.
    """
    access.require_moderator(request)
    since_ms = max(0, time_ms(query.since, "?from", 0))
    newest = month_of(request.now_ms)
    position = cursors.decode(query.cursor, Position) or Position(month=newest)
    last_month = max(FIRST_MONTH, month_of(since_ms))
    shown: list[Entry] = []
    looked = 0
    for number, month in enumerate(months_back(min(position.month, newest), last_month)):
        if number == MAX_MONTHS:
            return _page(request, shown, Position(month=month))
        before = position.entry_id if month == position.month else None
        room = MAX_LOOKED - looked
        entries = audit.newest(month, room, before=before, since_id=f"{since_ms:013d}")
        looked += len(entries)
        closed = access.closed_notes(request, (each for entry in entries for each in about(entry)))
        for entry in entries:
            if _is_wanted(entry, query) and closed.isdisjoint(about(entry)):
                shown.append(entry)
            if len(shown) == query.limit:
                return _page(request, shown, Position(month=month, entry_id=entry.entry_id))
        if looked == MAX_LOOKED:
            return _page(request, shown, Position(month=month, entry_id=entries[-1].entry_id))
    return _page(request, shown, None)


def _is_wanted(entry: Entry, query: AuditQuery) -> bool:
    return query.actor in (None, entry.actor_id) and query.action in (None, entry.action)


def _page(request: Request, shown: list[Entry], behind: Position | None) -> AuditPage:
    people = [entry.actor_id for entry in shown] + [entry.target for entry in shown if entry.action in OF_PEOPLE]
    return AuditPage(
        entries=[view_entry(entry) for entry in shown],
        next=cursors.encode(behind) if behind else None,
        users=named.users(request, people),
    )
