"""Blocks between people: two rows for each pair, written together, so that either side reads its own.

An operation that needs the blocks with one other person adds one key to a batch: `key` and `of`.

A damaged row counts as a block: it must not let through what a user has forbidden.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from msgspec import Struct
from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from parley.adapters.dynamodb import batches, clients, conditions, tables, unreadable
from parley.adapters.dynamodb.batches import Rows
from parley.adapters.dynamodb.documents import from_wire, to_wire
from parley.domain.conversations.block_steps import Blocking, Position

MAX_READ = 50  # rows of one person that are read whole; a person with more is looked up beside each of the others


class Block(Struct, frozen=True, kw_only=True):
    """A user whom a person has blocked, and when."""

    user_id: str
    blocked_at_ms: int


def key(user_id: str, other_id: str) -> batches.Key:
    """Returns the key of `user_id`'s row about the blocks between the two: one more in a batch, 1 unit."""
    return (user_id, other_id)


def of(rows: Rows, user_id: str, other_id: str) -> Blocking:
    """Returns the blocks between two people, from a batch that held `key` of `tables.Block`."""
    return _blocking(rows.item(tables.Block, user_id, other_id))


def _blocking(item: Mapping[str, Any] | None) -> Blocking:
    """Returns the blocks in a row in DynamoDB's own notation.

    An attribute says by its presence that there is a block, whatever its value is. A row with neither of them is
    damaged, and counts as both.
    """
    if item is None:
        return Blocking()
    known = Blocking(by_me="by_me" in item, of_me="of_me" in item)
    is_damaged = not known.is_on or any("BOOL" not in item.get(name, {"BOOL": True}) for name in ("by_me", "of_me"))
    if is_damaged:
        unreadable.report("Blocks", [unreadable.UnreadableRow(tables.Block.key_of(item), item).name])
    return known if known.is_on else Blocking(by_me=True, of_me=True)


def absent() -> Condition:
    """Returns the condition that a pair's row holds no block, or does not exist."""
    return tables.Block.user_id.does_not_exist()


def made(*, is_on: bool) -> Condition:
    """Returns the condition that the person of a pair's row has blocked the other, or has not."""
    return tables.Block.by_me.exists() if is_on else tables.Block.by_me.does_not_exist()


def cut_off(user_id: str, others: Iterable[str]) -> set[str]:
    """Returns the people who have a block with a person, in either direction: those of `others` at least.

    One round trip, two for a person with many blocks.
    """
    few = few_cut_off(user_id)
    return cut_off_among(user_id, others) if few is None else few


def few_cut_off(user_id: str) -> set[str] | None:
    """Returns all people who have a block with a person, or None if they may be too many to read at once.

    One round trip, 1 read unit for nearly everybody.
    """
    few = _few(user_id)
    return None if few is None else {other_id for other_id, _ in few}


def cut_off_among(user_id: str, others: Iterable[str]) -> set[str]:
    """Returns those of these people who have a block with a person; one round trip per 100, a unit each."""
    return {other_id for other_id, blocking in _each_of(user_id, others) if blocking.is_on}


def few_blockers_of(user_id: str) -> set[str] | None:
    """Returns all people who have blocked a person, or None if they may be too many to read at once.

    One round trip.
    """
    few = _few(user_id)
    return None if few is None else {other_id for other_id, blocking in few if blocking.of_me}


def _few(user_id: str) -> list[tuple[str, Blocking]] | None:
    """Returns all blocks of a person, or None if they may be too many; `MAX_READ` rows under 100 bytes are 2 units."""
    found = tables.Block.query(user_id, limit=MAX_READ, page_size=MAX_READ, consistent_read=True)
    few = [
        (str(row.key[1]), _blocking(row.item))
        if isinstance(row, unreadable.UnreadableRow)
        else (row.other_id, _blocking(row.serialize()))
        for row in unreadable.each(found)
    ]
    return few if found.last_evaluated_key is None else None


def blockers_of(user_id: str, others: Collection[str]) -> set[str]:
    """Returns the people who have blocked a person, those of `others` at least; one round trip, two if many have."""
    few = few_blockers_of(user_id)
    return blockers_among(user_id, others) if few is None else few


def blockers_among(user_id: str, others: Iterable[str]) -> set[str]:
    """Returns those of these people who have blocked a person; one round trip per 100, a unit each."""
    return {other_id for other_id, blocking in _each_of(user_id, others) if blocking.of_me}


def _each_of(user_id: str, others: Iterable[str]) -> list[tuple[str, Blocking]]:
    wanted = list(others)
    rows = batches.read_rows({tables.Block: [key(user_id, other_id) for other_id in wanted]})
    return [(other_id, of(rows, user_id, other_id)) for other_id in wanted]


def blocked_by(user_id: str) -> set[str]:
    """Returns all people whom a person has blocked; one round trip, because nobody blocks more than `MAX_BLOCKS`."""
    return {row.other_id for row in tables.Block.by_time.query(user_id, consistent_read=True)}


def count(user_id: str) -> int:
    """Returns how many people a person has blocked; one round trip."""
    return int(tables.Block.by_time.count(user_id, consistent_read=True))


def list_blocks(user_id: str, limit: int, after: Position | None) -> list[Block]:
    """Returns up to `limit` people whom a person has blocked, the newest block first; one round trip."""
    start = None
    if after is not None:
        start = {
            "user_id": to_wire(user_id),
            "other_id": to_wire(after.user_id),
            "blocked_at_ms": to_wire(after.blocked_at_ms),
        }
    found = tables.Block.by_time.query(
        user_id,
        scan_index_forward=False,
        limit=limit,
        page_size=limit,
        last_evaluated_key=start,
        consistent_read=True,
    )
    return [Block(user_id=row.other_id, blocked_at_ms=int(row.blocked_at_ms)) for row in found]


def get_block(user_id: str, other_id: str) -> tuple[Blocking, Block | None]:
    """Returns the blocks between two people, and the first one's block of the other; one round trip."""
    try:
        item = tables.Block.get(user_id, other_id, consistent_read=True).serialize()
    except tables.Block.DoesNotExist:
        return Blocking(), None
    except unreadable.UnreadableRow as damaged:
        item = dict(damaged.item)
    # DynamoDB itself keeps the type of this attribute: it is the key of an index.
    at_ms = item.get("blocked_at_ms")
    return _blocking(item), None if at_ms is None else Block(user_id=other_id, blocked_at_ms=from_wire(at_ms))


def save(user_id: str, block: Block) -> bool:
    """Writes a block into both rows; returns False if it exists already, or another write was faster."""
    try:
        with TransactWrite(connection=clients.dynamodb) as transaction:
            transaction.update(
                tables.Block(user_id=user_id, other_id=block.user_id),
                actions=[tables.Block.by_me.set(True), tables.Block.blocked_at_ms.set(block.blocked_at_ms)],
                condition=tables.Block.by_me.does_not_exist(),
            )
            transaction.update(
                tables.Block(user_id=block.user_id, other_id=user_id), actions=[tables.Block.of_me.set(True)]
            )
    except TransactWriteError as error:
        if conditions.lost_race(error):
            return False
        raise
    return True


def remove(user_id: str, other_id: str, known: Blocking) -> bool:
    """Takes a person's block of another out of both rows, and deletes rows that hold nothing else.

    Returns False if they are no longer as `known`.
    """
    mine = tables.Block(user_id=user_id, other_id=other_id)
    theirs = tables.Block(user_id=other_id, other_id=user_id)
    try:
        with TransactWrite(connection=clients.dynamodb) as transaction:
            if known.of_me:
                transaction.update(
                    mine,
                    actions=[tables.Block.by_me.remove(), tables.Block.blocked_at_ms.remove()],
                    condition=tables.Block.by_me.exists() & tables.Block.of_me.exists(),
                )
                transaction.update(theirs, actions=[tables.Block.of_me.remove()])
            else:
                transaction.delete(mine, condition=tables.Block.by_me.exists() & tables.Block.of_me.does_not_exist())
                transaction.delete(theirs)
    except TransactWriteError as error:
        if conditions.lost_race(error):
            return False
        raise
    return True
