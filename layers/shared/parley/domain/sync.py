"""Catching up: what a client that was away gets in one answer, decided by arithmetic on seqs."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

from parley.domain.requests import SyncCursor
from parley.domain.stored import Head, Membership
from parley.domain.types import Conversation, Message, Settings

MAX_MESSAGES_PER_CONVERSATION = 100
MAX_CHANGES_PER_CONVERSATION = 100

Verdict = Literal["complete", "truncated"]


class Budget(Struct, frozen=True):
    """What one answer may hold."""

    messages: int
    message_bytes: int
    conversations: int  # in `joined`


# Lambda answers with 6 MB at most, in which JSON within JSON takes up to three times the bytes (`history.py`), and a
# WebSocket message holds 128 KB (API Gateway quotas); the rest is room for the envelope and for `joined`, whose
# conversations take about 1 KB each.
OVER_REST = Budget(messages=1000, message_bytes=1_600_000, conversations=100)
OVER_WEBSOCKET = Budget(messages=200, message_bytes=64_000, conversations=25)


class Missed(Struct, frozen=True):
    """A change, as the event would have told it, with what it is about as that is now."""

    event: str
    data: dict[str, Any]


class Mine(Struct, frozen=True, kw_only=True):
    """The reader's own side of a conversation, which they may have moved on another device."""

    read_seq: int
    delivered_seq: int
    unread: int
    mention_seqs: list[int]
    settings: Settings
    own_seq: int
    archived: bool


class Caught(Struct, frozen=True, kw_only=True):
    """One conversation's part of the answer.

    `next` is the cursor to ask with next time, `last_*` how far it goes in all.
    """

    verdict: Verdict
    messages: list[Message]
    changes: list[Missed]
    last_seq: int
    last_change_seq: int
    mine: Mine
    next: SyncCursor


class CaughtUp(Struct, frozen=True, kw_only=True):
    """The answer: by conversation what was missed, the conversations that are new to the client, and those it has lost.

    `joined_capped` where there are more new ones than fit; `GET /conversations` lists them all.
    """

    conversations: dict[str, Caught]
    joined: list[Conversation]
    left: list[str]
    joined_capped: bool


class Gap(Struct, frozen=True):
    """The seqs to read for one conversation, both ends included; empty where the first is greater than the last.

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
    """What was read of a gap: messages, ascending, and changes, each with its change_seq."""

    messages: Sequence[Message] = ()
    changes: Sequence[tuple[int, Missed]] = ()


def cursors(given: Mapping[str, SyncCursor | int]) -> dict[str, SyncCursor]:
    """Returns the cursors in full; a bare number is a seq."""
    return {one: SyncCursor(seq=at) if isinstance(at, int) else at for one, at in given.items()}


def plan(heads: Sequence[Head], at: Mapping[str, SyncCursor], budget: Budget) -> dict[str, Gap]:
    """Returns what to read for each conversation; the most recently active come first when the budget is short."""
    left = budget.messages
    gaps = {}
    for head in sorted(heads, key=lambda one: one.last_activity_ms, reverse=True):
        cursor = at[head.conversation_id]
        size = max(0, min(head.last_seq - cursor.seq, MAX_MESSAGES_PER_CONVERSATION, left))
        left -= size
        changes = max(0, min(head.last_change_seq - cursor.change_seq, MAX_CHANGES_PER_CONVERSATION, left))
        left -= changes
        gaps[head.conversation_id] = Gap(
            cursor.seq + 1, cursor.seq + size, cursor.change_seq + 1, cursor.change_seq + changes
        )
    return gaps


def answer(
    found: Mapping[str, tuple[Head, Membership]],
    at: Mapping[str, SyncCursor],
    gaps: Mapping[str, Gap],
    filled: Mapping[str, Filled],
    budget: Budget,
) -> dict[str, Caught]:
    """Returns each conversation's part, its messages and changes cut where the answer would grow too large."""
    bytes_left = budget.message_bytes
    caught = {}
    for head, mine in sorted(found.values(), key=lambda one: one[0].last_activity_ms, reverse=True):
        read = filled[head.conversation_id]
        messages: list[Message] = []
        for message in read.messages:
            bytes_left -= len(msgspec.json.encode(message))
            if bytes_left < 0:
                break
            messages.append(message)
        changes: list[Missed] = []
        # Some of the log may be others' own affair, so its end is known by its numbers, not by how many there are.
        last_change = gaps[head.conversation_id].last_change
        for change_seq, change in read.changes:
            bytes_left -= len(msgspec.json.encode(change))
            if bytes_left < 0:
                last_change = change_seq - 1
                break
            changes.append(change)
        caught[head.conversation_id] = _caught(head, mine, at[head.conversation_id], messages, changes, last_change)
    return caught


def _caught(
    head: Head, mine: Membership, at: SyncCursor, messages: list[Message], changes: list[Missed], last_change: int
) -> Caught:
    # A cursor from beyond the end (a table was restored from a backup) starts again at the end.
    seq = min(at.seq + len(messages), head.last_seq)
    change_seq = min(last_change, head.last_change_seq)
    complete = at.seq <= head.last_seq == seq and at.change_seq <= head.last_change_seq == change_seq
    return Caught(
        verdict="complete" if complete else "truncated",
        messages=messages,
        changes=changes,
        last_seq=head.last_seq,
        last_change_seq=head.last_change_seq,
        mine=Mine(
            read_seq=head.read_seq(mine),
            delivered_seq=head.delivered_seq(mine),
            unread=head.unread(mine),
            mention_seqs=head.unread_mentions(mine),
            settings=mine.settings,
            own_seq=mine.own_seq,
            archived=head.is_archived(mine),
        ),
        next=SyncCursor(seq=seq, change_seq=change_seq),
    )
