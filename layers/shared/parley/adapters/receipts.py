"""Markers and the exact time of each of their moves."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from parley.adapters import aws, tables, writes

Kind = Literal["delivered", "read"]

_letters: dict[Kind, str] = {"delivered": "d", "read": "r"}
_queries = ThreadPoolExecutor(max_workers=16, thread_name_prefix="receipts")


def advance(
    conversation_id: str, user_id: str, kind: Kind, seq: int, now_ms: int, mentions: frozenset[int] = frozenset()
) -> bool:
    """Moves a marker forward to `seq` and keeps the time; `mentions` are unread no more where it is the one of reading.

    Returns False, and writes nothing, where it was there already.

    One round trip, 4 write units: marker and time in one transaction, or a receipt could name a wrong time.
    """
    marker = tables.Membership.read_seq if kind == "read" else tables.Membership.delivered_seq
    actions: list[Action] = [marker.set(seq)]
    if kind == "read" and mentions:
        actions.append(tables.Membership.mention_seqs.delete(set(mentions)))
    for _ in writes.tries():
        try:
            with TransactWrite(connection=aws.dynamodb) as transaction:
                transaction.update(
                    tables.Membership(user_id=user_id, conversation_id=conversation_id),
                    actions=actions,
                    condition=marker < seq,
                )
                transaction.save(row(conversation_id, user_id, kind, seq, now_ms))
        except TransactWriteError as error:
            codes = [reason.code for reason in error.cancellation_reasons if reason is not None]
            if codes == [writes.CONDITION_FAILED]:
                return False
            if not writes.lost_race(error):
                raise
        else:
            return True
    raise writes.busy()


def row(conversation_id: str, user_id: str, kind: Kind, seq: int, at_ms: int) -> tables.Receipt:
    """Returns the row that says when a marker came to `seq`."""
    return tables.Receipt(conversation_id=conversation_id, marker=_marker(user_id, kind, seq), at_ms=at_ms)


def markers_of(conversation_id: str, user_id: str, limit: int) -> list[str]:
    """Returns the keys of up to `limit` rows of a person in a conversation, their marks on messages among them."""
    mine = tables.Receipt.marker.startswith(f"{user_id}#")
    found = tables.Receipt.query(conversation_id, mine, limit=limit, page_size=limit, consistent_read=True)
    return [row.marker for row in found]


def first_at_or_after(conversation_id: str, asked: Iterable[tuple[str, Kind]], seq: int) -> dict[tuple[str, Kind], int]:
    """Returns, for each (user id, kind), when the marker first stood at `seq` or beyond, in ms.

    Nothing where it has not.
    """
    wanted = list(asked)
    times = _queries.map(lambda one: _first(conversation_id, one[0], one[1], seq), wanted)
    return {one: at_ms for one, at_ms in zip(wanted, times, strict=True) if at_ms is not None}


def _first(conversation_id: str, user_id: str, kind: Kind, seq: int) -> int | None:
    # No seq has more digits than its bound in requests.py, so this is the end of one member's markers.
    moves = tables.Receipt.query(
        conversation_id,
        tables.Receipt.marker.between(_marker(user_id, kind, seq), _marker(user_id, kind, 10**15)),
        limit=1,
        page_size=1,
    )
    return next((int(move.at_ms) for move in moves), None)


def _marker(user_id: str, kind: Kind, seq: int) -> str:
    return f"{user_id}#{_letters[kind]}#{seq:016d}"
