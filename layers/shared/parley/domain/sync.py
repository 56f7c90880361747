"""Catching up: what a client that was away gets in one answer, decided by arithmetic on seqs."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

from parley.domain.requests import SyncCursor
from parley.domain.stored import Head
from parley.domain.types import Conversation, Message

MAX_MESSAGES_PER_CONVERSATION = 100

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


class Caught(Struct, frozen=True, kw_only=True):
    """One conversation's part of the answer.

    `next` is the cursor to ask with next time, `last_*` how far it goes in all.
    """

    verdict: Verdict
    messages: list[Message]
    changes: list[dict[str, Any]]
    last_seq: int
    last_change_seq: int
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
    """The seqs to read for one conversation, both ends included; empty where the first is greater than the last."""

    first_seq: int
    last_seq: int


def cursors(given: Mapping[str, SyncCursor | int]) -> dict[str, SyncCursor]:
    """Returns the cursors in full; a bare number is a seq."""
    return {one: SyncCursor(seq=at) if isinstance(at, int) else at for one, at in given.items()}


def plan(heads: Sequence[Head], at: Mapping[str, SyncCursor], budget: Budget) -> dict[str, Gap]:
    """Returns what to read for each conversation; the most recently active come first when the budget is short."""
    left = budget.messages
    gaps = {}
    for head in sorted(heads, key=lambda one: one.last_activity_ms, reverse=True):
        seq = at[head.conversation_id].seq
        size = max(0, min(head.last_seq - seq, MAX_MESSAGES_PER_CONVERSATION, left))
        gaps[head.conversation_id] = Gap(seq + 1, seq + size)
        left -= size
    return gaps


def answer(
    heads: Sequence[Head], at: Mapping[str, SyncCursor], found: Mapping[str, Sequence[Message]], budget: Budget
) -> dict[str, Caught]:
    """Returns each conversation's part, its messages cut where the answer would grow too large."""
    bytes_left = budget.message_bytes
    caught = {}
    for head in sorted(heads, key=lambda one: one.last_activity_ms, reverse=True):
        taken = []
        for message in found[head.conversation_id]:
            bytes_left -= len(msgspec.json.encode(message))
            if bytes_left < 0:
                break
            taken.append(message)
        caught[head.conversation_id] = _caught(head, at[head.conversation_id], taken)
    return caught


def _caught(head: Head, at: SyncCursor, messages: list[Message]) -> Caught:
    # A cursor from beyond the end (a table was restored from a backup) starts again at the end.
    seq = min(at.seq + len(messages), head.last_seq)
    complete = at.seq <= head.last_seq == seq
    return Caught(
        verdict="complete" if complete else "truncated",
        messages=messages,
        changes=[],
        last_seq=head.last_seq,
        last_change_seq=head.last_change_seq,
        next=SyncCursor(seq=seq, change_seq=head.last_change_seq),
    )
