"""The events that webhooks carry: their types, and which of them a row of the stream tells of."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from parley.domain.api import ids
from parley.domain.api.errors import Field, Invalid
from parley.domain.moderation.audit import TOLD

TEST = "webhook.test"  # goes to an endpoint that asks for it, whatever its patterns
MODERATION = "moderation."
EVENT_TYPES: tuple[str, ...] = (
    "message.created",
    "message.updated",
    "message.deleted",
    "message.reaction_added",
    "message.reaction_removed",
    "note.created",
    "note.updated",
    "note.deleted",
    "note.reaction_added",
    "note.reaction_removed",
    "conversation.created",
    "conversation.updated",
    "member.added",
    "member.removed",
    "ticket.created",
    "ticket.updated",
    "call.started",
    "call.ended",
    "call.missed",
    "user.updated",
    "attachment.updated",
    "report.created",
    "report.updated",
    *(f"{MODERATION}{action}" for action in TOLD),
)
EVENT_ID_PATTERN = "^evt_[0-9a-f]{32}$"
MAX_PATTERNS = 50  # of an endpoint

_OF_CHANGES = {
    "message_updated": "message.updated",
    "message_deleted": "message.deleted",
    "reaction_added": "message.reaction_added",
    "reaction_removed": "message.reaction_removed",
    "conversation_updated": "conversation.updated",
    "member_added": "member.added",
    "member_removed": "member.removed",
}
_MISSED_CALL = "call.missed"
_MISSED = "call_missed"  # the event of the system message about a call that nobody answered
_OF_MESSAGES = {"message.created", "note.created", _MISSED_CALL}
_OF_TICKET = "#ticket#"
_OF_CALL = "#call#"  # begins the keys of the outbox's entries of calls; the conversation's id follows
BUCKETS = 10  # of an endpoint: so many first attempts at once, each in the order of its conversations


class Occurrence(Struct, frozen=True, kw_only=True):
    """One event: its type, and the row that tells of it (`key`, `number`), from which each attempt makes the body.

    `id` is that of the event for all endpoints and attempts, the receiver's to find doubles by. A version of a row
    that is written over and over (`version`) is an event of its own. `message_seq` is that of a changed message.
    """

    type: str
    key: str
    number: int
    at_ms: int
    version: int = 0
    message_seq: int = 0

    @property
    def id(self) -> str:
        parts = (self.type, self.key, self.number, self.version)
        return "evt_" + sha256(msgspec.json.encode(parts)).hexdigest()[:32]

    @property
    def subject(self) -> str:
        """Returns the thing in whose order the event is: a conversation, a ticket, a user."""
        if self.key.startswith(_OF_CALL):
            return self.key.removeprefix(_OF_CALL).partition("/")[0]
        return self.key.removesuffix("#c")

    @property
    def conversation_id(self) -> str | None:
        """Returns the conversation or the ticket that the event is about; None for another thing."""
        found = self.subject.removeprefix(_OF_TICKET)
        return None if found.startswith("#") or self.type == TEST else found

    @property
    def message_id(self) -> str | None:
        """Returns the message that the event is about, or None."""
        seq = self.number if self.type in _OF_MESSAGES and self.key == self.subject else self.message_seq
        return f"{self.conversation_id}.{seq}" if seq else None

    @property
    def bucket(self) -> int:
        """Returns in which of an endpoint's buckets the event is: those of one thing are in the same."""
        return int.from_bytes(sha256(self.subject.encode()).digest()[:4], "big") % BUCKETS


def matches(patterns: Sequence[str], event_type: str) -> bool:
    """Says whether one of an endpoint's patterns takes an event: `*`, `message.*`, or the type itself."""
    family = event_type.partition(".")[0]
    return not {"*", f"{family}.*", event_type}.isdisjoint(patterns)


def check_patterns(patterns: Sequence[str], pointer: str) -> tuple[str, ...]:
    """Returns the patterns without doubles; raises Invalid for one that takes no event."""
    wrong = [
        Field(f"{pointer}/{number}", "unknown_event")
        for number, pattern in enumerate(patterns)
        if not any(matches([pattern], event_type) for event_type in EVENT_TYPES)
    ]
    if wrong:
        detail = "There are no such events; the guide lists them: `message.*`, `ticket.created`, `*`."
        raise Invalid("unknown_event", detail, fields=tuple(wrong))
    return tuple(dict.fromkeys(patterns))


def occurrences(row: Mapping[str, Any]) -> Iterator[Occurrence]:
    """Yields the events of a row of the messages table, as the stream shows it, in their order."""
    if row.get("outbox"):
        yield from _of_outbox(row)
    elif "change" in row:
        yield from _of_change(row)
    elif "kind" in row:
        yield from _of_message(row)


def _of_message(row: Mapping[str, Any]) -> Iterator[Occurrence]:
    key, number, at_ms = row["conversation_id"], int(row["seq"]), int(row["created_at_ms"])
    if "#" in key:
        return
    is_note = ids.is_notes_id(key)
    if number == 1 and not is_note:
        yield Occurrence(type="conversation.created", key=key, number=number, at_ms=at_ms)
    event_type = "note.created" if is_note else "message.created"
    yield Occurrence(type=event_type, key=key, number=number, at_ms=at_ms)
    if (row.get("system") or {}).get("event") == _MISSED:
        yield Occurrence(type=_MISSED_CALL, key=key, number=number, at_ms=at_ms)


def _of_change(row: Mapping[str, Any]) -> Iterator[Occurrence]:
    change = row["change"]
    event_type = _OF_CHANGES.get(change["kind"])  # a ticket's changes are in the outbox
    if event_type is None or change.get("for_user_id") is not None:
        return
    message_seq = int(change["message_seq"]) if event_type.startswith("message.") else 0
    if ids.is_notes_id(row["conversation_id"]):
        if not event_type.startswith("message."):
            return
        event_type = event_type.replace("message.", "note.")
    yield Occurrence(
        type=event_type,
        key=row["conversation_id"],
        number=int(row["seq"]),
        at_ms=int(change["at_ms"]),
        message_seq=message_seq,
    )


def _of_outbox(row: Mapping[str, Any]) -> Iterator[Occurrence]:
    about = row.get("about") or {}
    told: dict[str, Any] = {"key": row["conversation_id"], "number": int(row["seq"])}
    told["at_ms"] = int(row["created_at_ms"])
    match row["outbox"]:
        case "ticket":
            event_type = "ticket.created" if about["event"] == "created" else "ticket.updated"
            yield Occurrence(type=event_type, **told)
        case "user_updated":
            yield Occurrence(type="user.updated", **told, version=int(about["profile_seq"]))
        case "attachment":
            yield Occurrence(type="attachment.updated", **told)
        case "call":
            yield Occurrence(type=f"call.{about['event']}", **told)
        case "report":
            yield Occurrence(type="report.created", **told)
        case "moderation":
            yield Occurrence(type=f"{MODERATION}{about['action']}", **told)
            if "report_id" in about:
                key = f"#report#{about['report_id']}"
                yield Occurrence(type="report.updated", key=key, number=1, at_ms=told["at_ms"], version=told["at_ms"])
