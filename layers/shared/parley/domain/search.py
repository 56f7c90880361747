"""Searching messages, newest first: what is read of several conversations is put in one order.

There is no index of words: it would cost more to write than all else of a message (docs/decisions.md, "Search").
A search reads messages backwards, a bounded number for each request, and says where the next one goes on.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from parley.domain.errors import Invalid
from parley.domain.listing import ConversationId, Hour
from parley.domain.stored import StoredMessage
from parley.domain.types import Message
from parley.domain.words import MAX_QUERY_WORDS, Query, Span

MAX_CONVERSATIONS = 25  # that are searched side by side; the cursor says for each how far
MAX_LOOKED_AT = 2_000  # messages that one request looks through
MIN_READ = 20  # messages of one conversation that are read at once
READ_AT_ONCE = 1_000  # messages of all of them together

Key = tuple[int, str, int]  # the order of results: time, then conversation and seq
Seq = Annotated[int, Meta(ge=0, le=10**15)]


class Hit(Struct, frozen=True, kw_only=True):
    """A message that holds all the words, and where they stand in its text: pairs of code point offsets."""

    message: Message
    highlights: list[tuple[int, int]]


class HitList(Struct, frozen=True, kw_only=True):
    """A page of results, newest first. It may be short, or empty, while `next` says that there is more to search."""

    results: list[Hit]
    next: str | None


class Position(Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True):
    """Where a search goes on: in these conversations at these seqs, then with the conversations behind `after`."""

    at: Annotated[dict[ConversationId, Seq], Meta(max_length=MAX_CONVERSATIONS)] = {}
    after: tuple[Hour, ConversationId] | None = None
    archived: bool = False
    is_last: bool = False  # no conversations come behind these

    def encode(self) -> str:
        """Returns the cursor that clients hand back; opaque to them."""
        return urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")


def decode_cursor(cursor: str) -> Position:
    """Returns the position that a cursor stands for; Invalid for one that Parley did not make."""
    try:
        return msgspec.json.decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=Position)
    except (ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise Invalid.field("?cursor", "bad_cursor", "That cursor is none of ours; start again without one.") from error


def check_query(text: str) -> Query:
    """Returns what to search for; Invalid for a text without a word, or with too many."""
    query = Query.parse(text)
    if not query.is_searchable:
        raise Invalid.field("?q", "blank", "There is no word to look for.")
    if query.is_too_long:
        raise Invalid.field("?q", "too_long", f"At most {MAX_QUERY_WORDS} words.", MAX_QUERY_WORDS)
    return query


class Found(Struct, frozen=True, kw_only=True):
    """What one round came to: matches, newest first, and how far each conversation has been looked through."""

    matches: list[tuple[StoredMessage, list[Span]]]
    at: dict[str, int]
    looked_at: int


def read_size(conversations: int) -> int:
    """Returns how many messages of each of so many conversations one round reads."""
    return max(MIN_READ, READ_AT_ONCE // max(conversations, 1))


def look_through(query: Query, at: Mapping[str, int], read: Mapping[str, Sequence[StoredMessage]], limit: int) -> Found:
    """Returns up to `limit` matches among what was `read` of each conversation, up to its seq in `at`, ascending.

    Only down to the moment from which all conversations have been read: older messages of one may be newer than
    what has not been read of another. What lies before it is read again in the next round.
    """
    unfinished = [found[0].created_at_ms for found in read.values() if found and found[0].seq > 1]
    horizon_ms = max(unfinished, default=0)
    looked = sorted((m for found in read.values() for m in found if m.created_at_ms >= horizon_ms), key=_key)
    matches: list[tuple[StoredMessage, list[Span]]] = []
    seen: dict[str, int] = {one: seq for one, seq in at.items() if seq > 0}
    for message in reversed(looked):
        seen[message.conversation_id] = message.seq - 1
        spans = _match(query, message)
        if spans:
            matches.append((message, spans))
            if len(matches) == limit:
                break
    left = {one: seq for one, seq in seen.items() if seq > 0 and read.get(one)}
    return Found(matches=matches, at=left, looked_at=sum(len(found) for found in read.values()))


def _key(message: StoredMessage) -> Key:
    return message.created_at_ms, message.conversation_id, message.seq


def _match(query: Query, message: StoredMessage) -> list[Span] | None:
    if message.kind == "system" or message.deleted_at_ms is not None:
        return None
    return query.match(message.text)
