"""Markers and the exact time of each of their moves."""

from collections.abc import Iterable
from typing import Literal

import msgspec
from msgspec import Struct
from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from parley.adapters.dynamodb import clients, conditions, tables, unreadable
from parley.adapters.threads import Threads
from parley.domain.conversations.head import Frozen, Membership

Kind = Literal["delivered", "read"]

_letters: dict[Kind, str] = {"delivered": "d", "read": "r"}
_queries = Threads(max_workers=16, thread_name_prefix="receipts")


class Move(Struct, frozen=True, kw_only=True):
    """A move of one of a member's markers to `seq`, from the place of both.

    A read marker ends the mentions `mentions`. `frozen` are both markers as the other person still sees them under a
    block.
    """

    before: Membership
    kind: Kind
    seq: int
    at_ms: int
    mentions: frozenset[int] = frozenset()
    frozen: Frozen | None = None


def write(move: Move) -> bool:
    """Moves a marker and keeps the time. Returns False, and writes nothing, if the member's markers are not as before.

    One round trip, 4 write units: marker and time in one transaction, or a receipt could name a wrong time. Under a
    block 2 more: it must still be that block, or the other person would have to be told.
    """
    mine = move.before
    try:
        with TransactWrite(connection=clients.dynamodb) as transaction:
            transaction.update(
                tables.Membership(user_id=mine.user_id, conversation_id=mine.conversation_id),
                actions=_actions(move),
                condition=(tables.Membership.read_seq == mine.read_seq)
                & (tables.Membership.delivered_seq == mine.delivered_seq),
            )
            transaction.save(row(mine.conversation_id, mine.user_id, move.kind, move.seq, move.at_ms))
            if move.frozen is not None:
                transaction.condition_check(
                    tables.Conversation, mine.conversation_id, condition=under_block(move.frozen.blocked_seq)
                )
    except TransactWriteError as error:
        if conditions.lost_race(error):
            return False
        raise
    return True


def _actions(move: Move) -> list[Action]:
    membership = tables.Membership
    actions: list[Action] = [(membership.read_seq if move.kind == "read" else membership.delivered_seq).set(move.seq)]
    if move.kind == "read" and move.mentions:
        actions.append(membership.mention_seqs.delete(set(move.mentions)))
    if move.frozen is not None:
        actions.append(membership.frozen.set(msgspec.to_builtins(move.frozen)))
    return actions


def under_block(blocked_seq: int) -> Condition:
    """Returns the condition that the block that began with this change is still there; 0 is an older block."""
    began = tables.Conversation.blocked_seq
    condition: Condition = tables.Conversation.blocked_by.exists()
    condition &= began == blocked_seq if blocked_seq else began.does_not_exist()
    return condition


def row(conversation_id: str, user_id: str, kind: Kind, seq: int, at_ms: int) -> tables.Receipt:
    """Returns the row that records when a marker came to `seq`."""
    return tables.Receipt(conversation_id=conversation_id, marker=_marker(user_id, kind, seq), at_ms=at_ms)


def markers_of(conversation_id: str, user_id: str, limit: int) -> list[str]:
    """Returns the keys of up to `limit` rows of a person in a conversation, their marks on messages among them."""
    mine = tables.Receipt.marker.startswith(f"{user_id}#")
    key = tables.Receipt.key_names()
    found = tables.Receipt.query(
        conversation_id, mine, limit=limit, page_size=limit, consistent_read=True, attributes_to_get=key
    )
    return [row.marker for row in found]


def first_at_or_after(conversation_id: str, asked: Iterable[tuple[str, Kind]], seq: int) -> dict[tuple[str, Kind], int]:
    """Returns, for each (user id, kind), the first time in ms at which the marker was at `seq` or beyond.

    It leaves out markers that are not there yet, and times that are unreadable.
    """
    wanted = list(asked)
    times = _queries.map(lambda key: _first(conversation_id, key[0], key[1], seq), wanted)
    return {key: at_ms for key, at_ms in zip(wanted, times, strict=True) if at_ms is not None}


def _first(conversation_id: str, user_id: str, kind: Kind, seq: int) -> int | None:
    # No seq has more digits than its bound in requests.py, so this is the end of one member's markers.
    moves = tables.Receipt.query(
        conversation_id,
        tables.Receipt.marker.between(_marker(user_id, kind, seq), _marker(user_id, kind, 10**15)),
        limit=1,
        page_size=1,
    )
    return next(unreadable.decoded("Receipts", moves, lambda move: int(move.at_ms)), None)


def _marker(user_id: str, kind: Kind, seq: int) -> str:
    return f"{user_id}#{_letters[kind]}#{seq:016d}"
