"""Pages of history. Seqs have no gaps, so the messages of a page are known before any is read."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct

from parley.domain.api import cursors
from parley.domain.api.errors import Field, Invalid, TooLarge
from parley.domain.api.requests import History, Seq
from parley.domain.api.types import Message

DEFAULT_LIMIT = 50
MAX_LOOKED_AT = 500  # messages that a request looks through for a `custom_type`
MAX_CHARACTERS_LOOKED_AT = 1_000_000  # of them, as in a search; with more it ends earlier
MAX_PAGE_BYTES = 5_500_000  # Lambda answers with at most 6 MB (Lambda quotas); the rest is room for the envelope

Part = TypeVar("Part")


class Room:
    """The bytes left in an answer. Every page that is cut by bytes is cut here.

    The list has a next page as long as one part of it alone fits: `tests/unit/test_answer_sizes.py` checks each.
    """

    def __init__(self, max_bytes: int | None = None, *, wrapped: bool = True) -> None:
        self._wrapped = wrapped
        self.left = MAX_PAGE_BYTES if max_bytes is None else max_bytes

    def size(self, part: object) -> int:
        """Returns the bytes that a part takes, with the comma after it."""
        encoded = msgspec.json.encode(part)
        return (wrapped_bytes(encoded) if self._wrapped else len(encoded)) + 1

    def take(self, part: object, most: int | None = None) -> bool:
        """Takes the room for a part, unless it needs more than `most` or than is left; says whether it did."""
        size = self.size(part)
        if size > (self.left if most is None else min(most, self.left)):
            return False
        self.left -= size
        return True

    def fitting(self, parts: Iterable[Part], keep: int = 0) -> Iterator[Part]:
        """Yields the first parts that fit, and takes the room for them, except `keep` bytes of it."""
        for part in parts:
            if not self.take(part, self.left - keep):
                return
            yield part


class Span(Struct, frozen=True):
    """The seqs of a page, both ends included; empty if the first is greater than the last."""

    first_seq: int
    last_seq: int


class TypePosition(Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True):
    """The place at which a search for a `custom_type` continues: before this seq."""

    before: Seq


def newest_of_type(query: History, newest_seq: int) -> int:
    """Returns the seq from which a query for a `custom_type` looks down; raises Invalid for another kind of page."""
    others = [name for name in ("after", "around", "page", "per_page") if getattr(query, name) is not None]
    if query.cursor is not None and query.before is not None:
        others.append("before")
    if others:
        raise Invalid(
            "invalid_request",
            "With a custom_type, use before or cursor.",
            fields=tuple(Field(f"?{name}", "contradiction") for name in others),
        )
    position = cursors.decode(query.cursor, TypePosition)
    before = query.before if position is None else position.before
    return newest_seq if before is None else min(before - 1, newest_seq)


def of_type(looked_at: Sequence[Message], query: History, oldest_seq: int = 1) -> tuple[list[Message], str | None]:
    """Returns the messages of a query's `custom_type` among these, newest first, and the cursor of the next page.

    As many as the page and an answer hold.
    """
    matching = [message for message in looked_at if message.custom_type == query.custom_type]
    shown = list(Room().fitting(matching[: query.limit or DEFAULT_LIMIT]))
    through = looked_at if len(shown) == len(matching) else shown
    before = through[-1].seq if through else oldest_seq
    return shown, cursors.encode(TypePosition(before=before)) if before > oldest_seq else None


def span(query: History, newest_seq: int, oldest_seq: int = 1) -> Span:
    """Returns the seqs that a query asks for; raises Invalid if it names more than one start.

    Without any, the newest messages. `around` puts half of the page before the message. Page 1 is the newest page.
    None of them is before `oldest_seq`.
    """
    if query.cursor is not None:
        detail = "A cursor continues a list of one custom_type."
        raise Invalid.field("?cursor", "contradiction", detail)
    counted = query.page is not None or query.per_page is not None
    places = [name for name in ("before", "after", "around") if getattr(query, name) is not None]
    if counted and query.limit is not None:
        places += ["limit"]
    if len(places) + counted > 1:
        raise Invalid(
            "invalid_request",
            "Use one of before, after, around (with limit) or page (with per_page).",
            fields=tuple(Field(f"?{name}", "contradiction") for name in places),
        )
    limit = (query.per_page if counted else query.limit) or DEFAULT_LIMIT
    if query.after is not None:
        after = max(query.after, oldest_seq - 1)
        return Span(after + 1, min(after + limit, newest_seq))
    if query.around is not None:
        # Near an end the window moves, so that the page is full if the conversation has enough messages.
        first_seq = max(oldest_seq, min(query.around - limit // 2, newest_seq - limit + 1))
        return Span(first_seq, min(first_seq + limit - 1, newest_seq))
    if query.before is not None:
        last_seq = min(query.before - 1, newest_seq)
    else:
        last_seq = newest_seq - ((query.page or 1) - 1) * limit
    return Span(max(last_seq - limit + 1, oldest_seq), last_seq)


def fitting(messages: Sequence[Message], query: History) -> list[Message]:
    """Returns the messages of a page that one answer holds: all, or those nearest to the start of the page.

    A counted page cannot be shorter, or the next one would leave messages out. So it raises TooLarge: ask for fewer.
    """
    newest_first = query.after is None and query.around is None
    start_seq = messages[-1].seq if newest_first and messages else query.around or query.after or 0
    kept = list(Room().fitting(sorted(messages, key=lambda message: abs(message.seq - start_seq))))
    if len(kept) < len(messages) and (query.page is not None or query.per_page is not None):
        raise TooLarge(
            "page_too_large",
            "These messages do not fit into one answer; ask for fewer.",
            fields=(Field("?per_page", "too_large", len(kept)),),
        )
    return sorted(kept, key=lambda message: message.seq)


def wrapped_bytes(encoded: bytes) -> int:
    """Returns how many bytes JSON takes at most within an answer of Lambda's, which is JSON too.

    Every non-ASCII character counts as an escape, its longest form. Lambda's runtimes write none.
    """
    return len(json.dumps(encoded.decode()))
