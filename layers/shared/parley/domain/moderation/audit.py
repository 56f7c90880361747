"""Acts of moderators and administrators as entries of the audit log: actor, act, target; never users' words."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from parley.domain.api.errors import Invalid
from parley.domain.api.outbox import LATEST, OutboxEntry
from parley.domain.api.request import Request
from parley.domain.api.requests import AuditAction
from parley.domain.api.times import from_day_or_time, rfc3339

FIRST_MONTH = "2026-01"  # no deployment of Parley is older
MAX_MONTHS = 12  # that one request looks through
OWN_ID_FROM = 3  # the try from which an entry has an id that no other act of that moment has
# The acts whose target is a person.
OF_PEOPLE: frozenset[AuditAction] = frozenset(
    ("suspend_user", "lift_suspension", "warn_user", "expel_member", "mute_member", "unmute_member")
    + ("remove_messages", "list_conversations", "search_messages", "export_search")
)


# The acts that webhooks tell of: those that change something for people, or in what they wrote.
TOLD: tuple[AuditAction, ...] = (
    "resolve_report",
    "suspend_user",
    "lift_suspension",
    "warn_user",
    "remove_message",
    "remove_messages",
    "restore_message",
    "set_conversation_state",
    "expel_member",
    "mute_member",
    "unmute_member",
    "put_banned_words",
)


class Entry(Struct, frozen=True, kw_only=True):
    """One act: `target` is the id of its object, `details` are ids and words of Parley's."""

    at_ms: int
    entry_id: str
    actor_id: str
    actor_role: str
    action: AuditAction
    target: str
    details: Mapping[str, str] = {}
    request_id: str

    @property
    def month(self) -> str:
        return month_of(self.at_ms)


class AuditEntry(Struct, frozen=True, kw_only=True):
    """One thing that a moderator or administrator did."""

    id: str
    at: str
    actor_id: str
    actor_role: str
    action: AuditAction
    target: str
    details: dict[str, str]
    request_id: str


class Position(Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True):
    """The start of the next page: after an entry of a month, or at the month's newest."""

    month: Annotated[str, Meta(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$(?!\n)")]
    entry_id: Annotated[str, Meta(pattern=r"^[0-9]{13}\.[0-9a-f]{16}$(?!\n)")] | None = None


def new_entry(request: Request, action: AuditAction, target: str, **details: str) -> Entry:
    """Returns the entry of the caller's present act. The same act at the same moment is one entry."""
    what = msgspec.json.encode((request.user_id, action, target, details))
    return Entry(
        at_ms=request.now_ms,
        entry_id=f"{request.now_ms:013d}.{sha256(what).hexdigest()[:16]}",
        actor_id=request.user_id,
        actor_role=request.caller.role,
        action=action,
        target=target,
        details=details,
        request_id=request.request_id,
    )


def told_entry(entry: Entry) -> OutboxEntry | None:
    """Returns the outbox's entry of an act, which names nobody: its reader finds the act in the log."""
    if entry.action not in TOLD:
        return None
    report_id = entry.target if entry.action == "resolve_report" else entry.details.get("report_id")
    about = {"action": entry.action} | ({} if report_id is None else {"report_id": report_id})
    return OutboxEntry(kind="moderation", id=entry.entry_id, number=LATEST, at_ms=entry.at_ms, about=about)


def of_try(entry: Entry, number: int) -> Entry:
    """Returns the entry of a write that is tried again after it lost a race; 0 is the first try.

    The act may be one that was made, taken back and is made again within a millisecond. It needs an id of its own, or
    each try would find the entry of the first. Most races are lost to other writes, so the first tries keep their id.
    """
    if number < OWN_ID_FROM:
        return entry
    at, _, digest = entry.entry_id.partition(".")
    return msgspec.structs.replace(entry, entry_id=f"{at}.{sha256(f'{digest} {number}'.encode()).hexdigest()[:16]}")


def view_entry(entry: Entry) -> AuditEntry:
    """Returns an entry as moderators see it."""
    return AuditEntry(
        id=entry.entry_id,
        at=rfc3339(entry.at_ms),
        actor_id=entry.actor_id,
        actor_role=entry.actor_role,
        action=entry.action,
        target=entry.target,
        details=dict(entry.details),
        request_id=entry.request_id,
    )


def about(entry: Entry) -> Iterator[str]:
    """Yields the ids of the conversations that an entry names; other ids and words, which name none, come along."""
    for each in (entry.target, *entry.details.values()):
        yield from (one.partition(".")[0] for one in each.split(","))


def month_of(at_ms: int) -> str:
    """Returns the month of a moment in UTC, `2026-11`: the log is keyed by month."""
    return rfc3339(at_ms)[: len("2026-11")]


def months_back(first: str, last: str) -> Iterator[str]:
    """Yields the months from `first` back to `last`, both included."""
    year, number = map(int, first.split("-"))
    while (month := f"{year:04d}-{number:02d}") >= last:
        yield month
        year, number = (year, number - 1) if number > 1 else (year - 1, 12)


def time_ms(text: str | None, pointer: str, otherwise_ms: int) -> int:
    """Returns a time, or the start of a day in UTC, in ms; raises Invalid for one that no calendar has."""
    if text is None:
        return otherwise_ms
    at_ms = from_day_or_time(text)
    if at_ms is None:
        raise Invalid.field(pointer, "bad_format", "There is no such time.")
    return at_ms
