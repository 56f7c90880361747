"""Pages of history: seqs have no gaps, so which messages a page holds is known before any of them is read."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct

from parley.domain.api.errors import Field, Invalid, TooLarge
from parley.domain.api.requests import History
from parley.domain.api.types import Message

DEFAULT_LIMIT = 50
MAX_PAGE_BYTES = 5_500_000  # Lambda answers with 6 MB at most (Lambda quotas); the rest is room for the envelope

Part = TypeVar("Part")


class Room:
    """The bytes that are left in an answer. Every page that is cut by bytes is cut here.

    A page goes on as long as one part of it alone fits: `tests/unit/test_answer_sizes.py` holds each to that.
    """

    def __init__(self, max_bytes: int | None = None, *, wrapped: bool = True) -> None:
        self._wrapped = wrapped
        self.left = MAX_PAGE_BYTES if max_bytes is None else max_bytes

    def size(self, part: object) -> int:
        """Returns how much a part takes, with the comma after it."""
        encoded = msgspec.json.encode(part)
        return (wrapped_bytes(encoded) if self._wrapped else len(encoded)) + 1

    def take(self, part: object, most: int | None = None) -> bool:
        """Takes the room for a part, unless it needs more than `most`, or than there is; says whether it did."""
        size = self.size(part)
        if size > (self.left if most is None else min(most, self.left)):
            return False
        self.left -= size
        return True

    def fitting(self, parts: Iterable[Part], keep: int = 0) -> Iterator[Part]:
        """Yields the first parts that fit, and takes the room for them, all but `keep` bytes of it at most."""
        for part in parts:
            if not self.take(part, self.left - keep):
                return
            yield part


class Span(Struct, frozen=True):
    """The seqs of a page, both ends included; empty where the first is greater than the last."""

    first_seq: int
    last_seq: int


def span(query: History, newest_seq: int) -> Span:
    """Returns the seqs that a query asks for; Invalid where it names more than one place to start from.

    Without any, the newest messages. `around` puts half of the page before the message. Page 1 is the newest page.
    """
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
        return _clip(query.after + 1, query.after + limit, newest_seq)
    if query.around is not None:
        # Near an end the window moves, so that the page is full wherever there are enough messages.
        first_seq = max(1, min(query.around - limit // 2, newest_seq - limit + 1))
        return _clip(first_seq, first_seq + limit - 1, newest_seq)
    if query.before is not None:
        last_seq = min(query.before - 1, newest_seq)
    else:
        last_seq = newest_seq - ((query.page or 1) - 1) * limit
    return _clip(last_seq - limit + 1, last_seq, newest_seq)


def fitting(messages: Sequence[Message], query: History) -> list[Message]:
    """Returns the messages of a page that one answer holds: all, or those nearest to where the page starts from.

    A counted page cannot be shorter, or the next one would leave messages out: TooLarge, ask for fewer.
    """
    newest_first = query.after is None and query.around is None
    start_seq = messages[-1].seq if newest_first and messages else query.around or query.after or 0
    kept = list(Room().fitting(sorted(messages, key=lambda one: abs(one.seq - start_seq))))
    if len(kept) < len(messages) and (query.page is not None or query.per_page is not None):
        raise TooLarge(
            "page_too_large",
            "These messages are longer than one answer can be; ask for fewer.",
            fields=(Field("?per_page", "too_large", len(kept)),),
        )
    return sorted(kept, key=lambda one: one.seq)


def wrapped_bytes(encoded: bytes) -> int:
    """Returns how many bytes JSON takes at most within an answer of Lambda's, which is JSON too.

    Up to Python 3.11 Lambda's runtime writes all but ASCII as escapes.
    """
    return len(json.dumps(encoded.decode()))


def _clip(first_seq: int, last_seq: int, newest_seq: int) -> Span:
    return Span(max(first_seq, 1), min(last_seq, newest_seq))
