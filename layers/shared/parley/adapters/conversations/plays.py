"""The exact time at which a member first played a voice message."""

from collections.abc import Iterable

from pynamodb.exceptions import TransactWriteError
from pynamodb.transactions import TransactWrite

from parley.adapters.conversations.receipts import under_block
from parley.adapters.dynamodb import batches, clients, conditions, tables, unreadable
from parley.domain.conversations.head import Play


def some(conversation_id: str, user_ids: Iterable[str], seq: int) -> dict[str, Play]:
    """Returns when these people first played a message; one round trip.

    Those who have not are left out, and those whose row is unreadable.
    """
    wanted = list(user_ids)
    rows = batches.read_rows({tables.Receipt: [(conversation_id, _marker(user_id, seq)) for user_id in wanted]})

    def read(key: tuple[str, str]) -> Play | None:
        row = rows.get(tables.Receipt, *key)
        return None if row is None else _play(row)

    keys = {(conversation_id, _marker(user_id, seq)): user_id for user_id in wanted}
    return {keys[key]: play for key, play in unreadable.readable("Receipts", keys, read).items()}


def add(conversation_id: str, user_id: str, seq: int, play: Play) -> bool:
    """Records a member's first playing. Returns False, and writes nothing, if there is one, or they are no member now.

    One round trip, 4 write units; 2 more under a block: it must still be that block, or the other person would have to
    be told.
    """
    try:
        with TransactWrite(connection=clients.dynamodb) as transaction:
            transaction.condition_check(
                tables.Membership, user_id, conversation_id, condition=tables.Membership.user_id.exists()
            )
            transaction.save(
                tables.Receipt(
                    conversation_id=conversation_id,
                    marker=_marker(user_id, seq),
                    at_ms=play.at_ms,
                    change_seq=play.blocked_seq,
                ),
                condition=tables.Receipt.marker.does_not_exist(),
            )
            if play.blocked_seq is not None:
                transaction.condition_check(
                    tables.Conversation, conversation_id, condition=under_block(play.blocked_seq)
                )
    except TransactWriteError as error:
        if conditions.lost_race(error):
            return False
        raise
    return True


def _marker(user_id: str, seq: int) -> str:
    return f"{user_id}#p#{seq:016d}"


def _play(row: tables.Receipt) -> Play:
    return Play(int(row.at_ms), None if row.change_seq is None else int(row.change_seq))
