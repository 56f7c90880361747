"""The list of conversations.

The index gives the hour of the last activity, the heads give the exact order within it.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from parley.domain.errors import Invalid
from parley.domain.stored import Head

MAX_CHUNK = 100  # heads of one BatchGetItem (DynamoDB quotas)


class Entry(Struct, frozen=True):
    """One line of a person's index by activity."""

    conversation_id: str
    active_hour: int
    peer_id: str | None = None


class Position(Struct, frozen=True, kw_only=True, array_like=True):
    """Where a list goes on: in the chunk of entries behind `chunk_after`, behind the conversation of `shown_*`."""

    chunk_after: tuple[int, str] | None = None  # active hour and conversation id of an index entry
    shown_activity_ms: int | None = None
    shown_id: str = ""

    def encode(self) -> str:
        """Returns the cursor that clients hand back; opaque to them."""
        return urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")


def decode_cursor(cursor: str | None) -> Position:
    """Returns the position that a cursor stands for; Invalid for one that Parley did not make."""
    if cursor is None:
        return Position()
    try:
        return msgspec.json.decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=Position)
    except (ValueError, msgspec.DecodeError) as error:
        raise Invalid.field("?cursor", "bad_cursor", "That cursor is none of ours; start again without one.") from error


def chunk(entries: Sequence[Entry], limit: int) -> Sequence[Entry]:
    """Returns the first entries that can be put in exact order by themselves.

    Whole hours, as few as hold `limit` entries.

    An hour in which more than `MAX_CHUNK` conversations were active is cut there, and its parts are each in order.
    """
    for size in range(limit, min(len(entries), MAX_CHUNK)):
        if entries[size].active_hour != entries[size - 1].active_hour:
            return entries[:size]
    return entries[:MAX_CHUNK]


def in_order(heads: Sequence[Head], position: Position) -> list[Head]:
    """Returns the heads by last activity, newest first, that come after `position`.

    A head that moved up is not shown again.
    """
    ordered = sorted(heads, key=_key, reverse=True)
    if position.shown_activity_ms is None:
        return ordered
    shown = (position.shown_activity_ms, position.shown_id)
    return [head for head in ordered if _key(head) < shown]


def _key(head: Head) -> tuple[int, str]:
    return head.last_activity_ms, head.conversation_id
