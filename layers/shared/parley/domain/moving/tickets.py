"""Decides what of another system's ticket is stored beside its conversation: its state, and its history."""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import UNSET, Struct, to_builtins
from msgspec.structs import replace

from parley.domain.api.errors import Field, Invalid
from parley.domain.api.identity import is_reserved
from parley.domain.api.outbox import OutboxEntry
from parley.domain.api.times import from_rfc3339
from parley.domain.conversations.head import Head
from parley.domain.moving.imports import Fault, faults_of_time, is_pseudonym, moves, refuse
from parley.domain.moving.requests import ImportedEntry, ImportedTicket
from parley.domain.support import ticket_clocks
from parley.domain.support.desk import Desk
from parley.domain.support.ticket import FieldChange, StoredTicket
from parley.domain.support.ticket_steps import IN_HISTORY, check_category, comment_hash


class Brought(Struct, frozen=True, kw_only=True):
    """A ticket of another system: its state, its history, and the entry from which the figures count it."""

    state: StoredTicket
    history: tuple[OutboxEntry, ...]
    counted: OutboxEntry


def people_of(wanted: ImportedTicket) -> dict[str, str]:
    """Returns the people whom a ticket names, each with the first place that does."""
    found: dict[str, str] = {}
    if wanted.assignee_id is not None:
        found[wanted.assignee_id] = "/ticket/assignee_id"
    for place, entry in enumerate(wanted.history):
        found.setdefault(entry.user_id, f"/ticket/history/{place}/user_id")
        if (moved := entry.changes.assignee_id) is not None:
            for name, user_id in (("from", moved.before), ("to", moved.after)):
                if user_id is not None:
                    found.setdefault(user_id, f"/ticket/history/{place}/changes/assignee_id/{name}")
    return found


def brought(head: Head, wanted: ImportedTicket, desk: Desk, number: str, now_ms: int) -> Brought:
    """Returns a ticket as it is stored; raises Invalid for what the desk does not have, and naming each wrong field.

    No clock of the desk runs for it, since the desk promised nothing when it was opened. The days after which a
    resolved ticket is closed begin now.
    """
    category = wanted.category or desk.default_category
    check_category(category, desk, "/ticket/category")
    team = desk.categories[category].team if wanted.team is UNSET else wanted.team
    if team is not None and team not in desk.teams:
        detail = f"The desk has no such team; it has {', '.join(desk.teams) or 'none'}."
        raise Invalid("unknown_team", detail, fields=(Field("/ticket/team", "not_allowed"),))
    refuse(_faults_of_state(head, wanted, now_ms))
    history = tuple(_history(head, wanted))
    updated_at_ms = max(head.created_at_ms, history[-1].at_ms)
    since_ms = now_ms if wanted.status == "resolved" else _ms(wanted.status_at, updated_at_ms)
    state = StoredTicket(
        ticket_id=head.conversation_id,
        number=number,
        status=wanted.status,
        priority=wanted.priority,
        category=category,
        requester_id=head.requester_id or "",
        assignee_id=wanted.assignee_id,
        team=team,
        tags=tuple(dict.fromkeys(wanted.tags)),
        version=1,
        entries=len(history),
        created_at_ms=head.created_at_ms,
        updated_at_ms=updated_at_ms,
        replied_at_ms=None if wanted.replied_at is None else _ms(wanted.replied_at, 0),
        rating=wanted.rating,
        comment_hash=None if wanted.rating is None else comment_hash(_comment(wanted)),
        status_at_ms=since_ms,
        imported_entries=len(history),
    )
    return Brought(state=_with_end(state, desk, now_ms), history=history, counted=counted(state, "imported", now_ms))


def _with_end(state: StoredTicket, desk: Desk, now_ms: int) -> StoredTicket:
    """Returns a ticket with its next look of the sweep; one that was closed long ago is in no queue from the start."""
    archive_ms = ticket_clocks.closing_ms(state, desk)[2]
    if archive_ms is not None and archive_ms < now_ms:
        return replace(state, archived_at_ms=now_ms)
    return replace(state, due_at_s=ticket_clocks.next_due_s(state, desk))


def counted(state: StoredTicket, event: str, now_ms: int) -> OutboxEntry:
    """Returns the entry from which the figures count a ticket among those of now, or take it out again."""
    about = {"event": event, "state": to_builtins({name: getattr(state, name) for name in IN_HISTORY})}
    number = 1 if event == "imported" else 2
    return OutboxEntry(kind="ticket_import", id=state.ticket_id, number=number, at_ms=now_ms, about=about)


def _history(head: Head, wanted: ImportedTicket) -> Iterator[OutboxEntry]:
    """Yields the entries of a history; the first one says that the ticket was opened."""
    entries: Sequence[ImportedEntry] = wanted.history
    if not entries or entries[0].event != "created":
        opened: dict[str, Any] = {"event": "created", "user_id": head.requester_id, "changes": {}}
        yield _entry(head, 1, head.created_at_ms, opened)
    first = 1 if entries and entries[0].event == "created" else 2
    rating: str | None = None
    for number, entry in enumerate(entries, first):
        moved = moves(entry.changes)
        if entry.rating is not None:
            moved.setdefault("rating", FieldChange(rating, str(entry.rating)))
            rating = str(entry.rating)
        more = {"note": entry.note, "rating": entry.rating, "comment": entry.comment}
        about: dict[str, Any] = {
            "event": entry.event,
            "user_id": entry.user_id,
            "changes": {name: to_builtins(FieldChange(each.before, each.after)) for name, each in moved.items()},
            **{name: value for name, value in more.items() if value is not None},
        }
        yield _entry(head, number, _ms(entry.at, head.created_at_ms), about)


def _entry(head: Head, number: int, at_ms: int, about: dict[str, Any]) -> OutboxEntry:
    about = {**about, "opened_at_ms": head.created_at_ms}
    return OutboxEntry(kind="ticket", id=head.conversation_id, number=number, at_ms=at_ms, about=about)


def _faults_of_state(head: Head, wanted: ImportedTicket, now_ms: int) -> Iterator[Fault]:
    assignee_id = wanted.assignee_id
    if assignee_id == head.requester_id:
        yield Field("/ticket/assignee_id", "contradiction"), "Nobody has a ticket of their own."
    elif assignee_id is not None and not is_pseudonym(assignee_id) and assignee_id not in head.participants:
        yield Field("/ticket/assignee_id", "contradiction"), "The agent who has a ticket is a member of it."
    for name in ("status_at", "replied_at"):
        if (text := getattr(wanted, name)) is not None:
            yield from faults_of_time(text, f"/ticket/{name}", head.created_at_ms, now_ms)
    before_ms: int | None = head.created_at_ms
    for place, entry in enumerate(wanted.history):
        pointer = f"/ticket/history/{place}"
        if place and entry.event == "created":
            yield Field(f"{pointer}/event", "not_allowed"), "A ticket is opened once."
        if (entry.event == "rated") != (entry.rating is not None):
            yield Field(f"{pointer}/rating", "contradiction"), "An entry `rated` has a rating, and no other one."
        if entry.comment is not None and entry.rating is None:
            yield Field(f"{pointer}/comment", "contradiction"), "Only a rating has a comment."
        yield from faults_of_time(entry.at, f"{pointer}/at", before_ms, now_ms)
        before_ms = from_rfc3339(entry.at)
    ratings = [entry.rating for entry in wanted.history if entry.rating is not None]
    if ratings and ratings[-1] != wanted.rating:
        yield Field("/ticket/rating", "contradiction"), "The history has another rating."


def _comment(wanted: ImportedTicket) -> str | None:
    return next((entry.comment for entry in reversed(wanted.history) if entry.event == "rated"), None)


def _ms(text: str | None, otherwise_ms: int) -> int:
    at_ms = None if text is None else from_rfc3339(text)
    return otherwise_ms if at_ms is None else at_ms


def traced(history: Sequence[OutboxEntry], members: Sequence[str]) -> set[str]:
    """Returns the people in a ticket's history who are not in it: an erasure finds them by a trace."""
    named = {entry.about["user_id"] for entry in history}
    for entry in history:
        named |= set(entry.about["changes"].get("assignee_id", {}).values())
    return {each for each in named if each is not None and not is_reserved(each)} - set(members)
