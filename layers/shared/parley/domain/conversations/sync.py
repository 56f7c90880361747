"""Catching up: the answer to a client that was away, cut by arithmetic on seqs and bytes."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

from parley.domain.api.requests import SyncCursor
from parley.domain.api.types import Conversation, Marker, Message, NamedUser, Settings
from parley.domain.conversations.head import Head, Membership
from parley.domain.conversations.history import MAX_PAGE_BYTES, Room
from parley.domain.conversations.listing import ConversationList, FirstPage

MAX_MESSAGES_PER_CONVERSATION = 100
MAX_CHANGES_PER_CONVERSATION = 100
BLOCKED_SHARE = 16  # bytes of an answer that the blocked people may take: 8 KB over WebSocket
JOINED_SHARE = 2  # the share of the rest that the list and new conversations may take from messages and changes
MAX_CURSOR_BYTES = 400  # of the list's next page

Verdict = Literal["complete", "truncated"]


class Budget(Struct, frozen=True):
    """The room in one answer. `wrapped`: it travels as JSON within JSON."""

    messages: int
    max_bytes: int
    conversations: int  # in `joined`
    wrapped: bool


# A WebSocket message holds 128 KB (API Gateway quotas); 4 KB are room for the frame: `request_id`, `rate_limits`.
# Lambda answers with 6 MB at most (`history.py`).
OVER_REST = Budget(messages=1000, max_bytes=MAX_PAGE_BYTES, conversations=100, wrapped=True)
OVER_WEBSOCKET = Budget(messages=200, max_bytes=124 * 1024, conversations=25, wrapped=False)


class Missed(Struct, frozen=True):
    """A change, as the event would have told it, with its subject as that is now.

    A message in it is as the reader sees it: with `mine`, `hidden` and `blocked`, which events leave out.
    """

    event: str
    data: dict[str, Any]


class Mine(Struct, frozen=True, kw_only=True):
    """The reader's own part of a conversation, which they may have changed on another device.

    It is as of the `last_seq` and `last_change_seq` beside it.
    """

    read_seq: int
    delivered_seq: int
    unread: int
    mention_seqs: list[int]
    unread_from_seq: int | None
    settings: Settings
    own_seq: int
    archived: bool
    visible_from_seq: int


class Caught(Struct, frozen=True, kw_only=True):
    """One conversation's part of the answer.

    `next` is the cursor for the next request, `last_*` the end of the conversation. `markers` say how far the other
    person of a direct conversation has received and read; a group's members are too many to list here.
    """

    verdict: Verdict
    messages: list[Message]
    changes: list[Missed]
    last_seq: int
    last_change_seq: int
    mine: Mine
    markers: list[Marker]
    next: SyncCursor


class CaughtUp(Struct, frozen=True, kw_only=True):
    """The answer: what the client missed in each conversation, its new conversations, and those it has lost.

    `joined_capped`: more conversations are new than fit; `GET /conversations` lists them all. `later` names
    conversations for which no room was left: ask again with their cursors. `blocked` lists the people whom the
    reader has blocked, as of `as_of`; null if they are too many, and `GET /me/blocks` lists them. `listed` is the
    beginning of the list of conversations, if the client asked for it. `users` has the people whom the answer names, as
    many as there is room for.
    """

    conversations: dict[str, Caught]
    joined: list[Conversation]
    left: list[str]
    joined_capped: bool
    later: list[str]
    blocked: list[str] | None
    as_of: str
    listed: ConversationList | None
    users: dict[str, NamedUser] = {}


class Gap(Struct, frozen=True):
    """The seqs to read for one conversation, both ends included; empty if the first is greater than the last.

    And, likewise, the entries of its change log.
    """

    first_seq: int
    last_seq: int
    first_change: int
    last_change: int

    @property
    def is_empty(self) -> bool:
        return self.first_seq > self.last_seq and self.first_change > self.last_change


class Filled(Struct, frozen=True):
    """The messages and changes read for a gap: messages, ascending, and changes, each with its change_seq."""

    messages: Sequence[Message] = ()
    changes: Sequence[tuple[int, Missed]] = ()

    @property
    def items(self) -> list[Message | Missed]:
        """Returns all of it, in the order in which an answer takes it."""
        return [*self.messages, *(change for _, change in self.changes)]


class Named(Struct, frozen=True, kw_only=True):
    """A conversation of the reader's that their cursors name, with the rows read."""

    head: Head
    mine: Membership
    at: SyncCursor
    gap: Gap
    filled: Filled = Filled()
    markers: Sequence[Marker] = ()

    def caught(self, messages: list[Message], changes: list[Missed], last_seq: int, last_change: int) -> Caught:
        """Returns this conversation's part of the answer: messages up to `last_seq`, changes up to `last_change`."""
        head, at = self.head, self.at
        # A cursor from beyond the end (a table was restored from a backup) starts again at the end.
        seq = min(last_seq, head.last_seq)
        change_seq = min(last_change, head.last_change_seq)
        complete = at.seq <= head.last_seq == seq and at.change_seq <= head.last_change_seq == change_seq
        return Caught(
            verdict="complete" if complete else "truncated",
            messages=messages,
            changes=changes,
            last_seq=head.last_seq,
            last_change_seq=head.last_change_seq,
            mine=_mine(head, self.mine),
            markers=list(self.markers),
            next=SyncCursor(seq=seq, change_seq=change_seq),
        )

    def largest_envelope(self) -> dict[str, Caught]:
        """Returns this conversation's part without messages and changes, at its greatest length."""
        bare = self.caught([], [], self.at.seq, self.at.change_seq)
        end = SyncCursor(seq=self.head.last_seq, change_seq=self.head.last_change_seq)
        return {self.head.conversation_id: msgspec.structs.replace(bare, verdict="truncated", next=end)}


class Found(Struct, frozen=True, kw_only=True):
    """All rows read for one answer, the `named` conversations by last activity, newest first.

    `rows` are the conversations that `page` shows. `joined` has none of them.
    """

    named: Sequence[Named]
    joined: Sequence[Conversation]
    joined_capped: bool
    left: list[str]
    blocked: list[str]
    as_of: str
    page: FirstPage | None = None
    rows: Sequence[Conversation] = ()


def cursors(given: Mapping[str, SyncCursor | int]) -> dict[str, SyncCursor]:
    """Returns the cursors in full; a bare number is a seq."""
    return {conversation_id: SyncCursor(seq=at) if isinstance(at, int) else at for conversation_id, at in given.items()}


def plan(found: Mapping[str, tuple[Head, Membership]], at: Mapping[str, SyncCursor], budget: Budget) -> list[Named]:
    """Returns the reads for each conversation, the most recently active first, as far as the answer surely has room."""
    left = budget.messages
    named = []
    for head, mine in sorted(found.values(), key=lambda pair: pair[0].last_activity_ms, reverse=True):
        given = at[head.conversation_id]
        # Messages that the reader does not see are not missing.
        cursor = msgspec.structs.replace(given, seq=max(given.seq, head.first_seq - 1))
        size = max(0, min(head.last_seq - cursor.seq, MAX_MESSAGES_PER_CONVERSATION, left))
        left -= size
        changes = max(0, min(head.last_change_seq - cursor.change_seq, MAX_CHANGES_PER_CONVERSATION, left))
        left -= changes
        gap = Gap(cursor.seq + 1, cursor.seq + size, cursor.change_seq + 1, cursor.change_seq + changes)
        named.append(Named(head=head, mine=mine, at=cursor, gap=gap))
    return named


def answer(found: Found, budget: Budget) -> CaughtUp:
    """Returns what `cut` does, without the room that is left."""
    return cut(found, budget)[0]


def cut(found: Found, budget: Budget) -> tuple[CaughtUp, Room]:
    """Returns the answer, cut where it would grow larger than its budget, and the room that is left for `users`.

    Everything in it is counted. Each answer makes progress: it holds the first message or change of all that is
    missing, whose place is kept, or it finishes a conversation that misses none. The largest message takes about half
    of a WebSocket frame.
    """
    room = Room(budget.max_bytes, wrapped=budget.wrapped)
    blocked = found.blocked if room.take(found.blocked, budget.max_bytes // BLOCKED_SHARE) else None
    room.take(found.left)
    room.take([named.head.conversation_id for named in found.named])  # at the greatest length of `later`
    room.take(_empty(found))
    kept = next((room.size(named.filled.items[0]) for named in found.named if named.filled.items), 0)
    envelopes = [named.largest_envelope() for named in found.named]
    here = found.named[: len(list(room.fitting(envelopes, kept)))]
    missing = sum(room.size(item) for named in here for item in named.filled.items)
    rows = list(room.fitting(found.rows, min(missing, kept + (room.left - kept) // JOINED_SHARE)))
    joined = list(room.fitting(found.joined, min(missing, kept + (room.left - kept) // JOINED_SHARE)))
    caught = CaughtUp(
        conversations={named.head.conversation_id: _filled(named, room) for named in here},
        joined=joined,
        left=found.left,
        joined_capped=found.joined_capped or len(joined) < len(found.joined) or len(rows) < len(found.rows),
        later=[named.head.conversation_id for named in found.named[len(here) :]],
        blocked=blocked,
        as_of=found.as_of,
        listed=None
        if found.page is None
        else ConversationList(conversations=rows, next=found.page.cursor_after(len(rows))),
    )
    return caught, room


def _empty(found: Found) -> CaughtUp:
    """Returns the answer without its parts, at its greatest length."""
    return CaughtUp(
        conversations={},
        joined=[],
        left=[],
        joined_capped=False,
        later=[],
        blocked=None,
        as_of=found.as_of,
        listed=None if found.page is None else ConversationList(conversations=[], next="c" * MAX_CURSOR_BYTES),
    )


def _filled(named: Named, room: Room) -> Caught:
    """Returns a conversation's part with as many of its messages and changes as fit."""
    messages = list(room.fitting(named.filled.messages))
    # An unreadable message is left out, so the seqs tell the end, not the count of messages.
    left = named.filled.messages[len(messages) :]
    last_seq = left[0].seq - 1 if left else named.gap.last_seq
    missed = named.filled.changes
    changes = list(room.fitting([change for _, change in missed]))
    # Some of the log may be others' own affair, so the numbers tell its end, not the count of entries.
    last_change = named.gap.last_change if len(changes) == len(missed) else missed[len(changes)][0] - 1
    return named.caught(messages, changes, last_seq, last_change)


def _mine(head: Head, mine: Membership) -> Mine:
    return Mine(
        read_seq=head.read_seq(mine),
        delivered_seq=head.delivered_seq(mine),
        unread=head.unread(mine),
        mention_seqs=head.unread_mentions(mine),
        unread_from_seq=head.unread_from_seq(mine),
        settings=mine.settings,
        own_seq=mine.own_seq,
        archived=head.is_archived(mine),
        visible_from_seq=head.visible_from_seq(mine.user_id, mine),
    )
