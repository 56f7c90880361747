"""The people who are typing, and where, for a few seconds."""

from collections.abc import Iterable, Iterator

from pynamodb.exceptions import DeleteError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from parley.adapters.conversations import conversations
from parley.adapters.dynamodb import batches, conditions, tables, unreadable
from parley.adapters.dynamodb.due import due_rows
from parley.adapters.live import connections
from parley.domain.conversations.head import Head
from parley.domain.live.sweeps import shard, shards
from parley.domain.live.typing_status import Typist

# DynamoDB may delete a row as soon as it has expired, and then nobody would be told that the typing has ended.
# So a row expires only after the sweep has had an hour to do so.
KEEP_S = 3600


def save(typist: Typist) -> None:
    """Writes that a user types until `expires_at_ms`, which replaces any earlier row; one round trip.

    The index entry stays as the first start has put it, so further typing costs one write unit, and not three.
    """
    columns = tables.Typing
    actions: list[Action] = [
        columns.until_ms.set(typist.expires_at_ms),
        columns.since_seq.set(typist.since_seq or 0),
        columns.expires_at_s.set(typist.expires_at_ms // 1000 + KEEP_S),
        columns.expires_at_ms.set(columns.expires_at_ms | typist.expires_at_ms),
        columns.sweep_shard.set(shard("typing", typist.conversation_id)),
        columns.stopped.remove(),
    ]
    _update(typist.conversation_id, typist.user_id, actions, None)


def of_device(conversation_id: str, user_id: str, connection_id: str) -> tuple[Typist | None, bool]:
    """Returns the person's row there, expired or not, and whether their device is known; one round trip.

    The device costs half a unit, because it may be a moment old: one that has just connected may be missing. A damaged
    row is as none: the next typing writes over what is damaged.
    """
    rows = batches.read_rows(
        {tables.Typing: [(conversation_id, user_id)], tables.Connections: [(user_id,)]}, stale=(tables.Connections,)
    )
    key = (conversation_id, user_id)
    found = unreadable.readable("Typing", [key], lambda key: _found(rows, *key)).get(key)
    return found, connections.has_device(rows, user_id, connection_id)


def stop(typist: Typist) -> None:
    """Notes that a user has stopped typing; does nothing if they have typed again meanwhile, or the row is gone."""
    columns = tables.Typing
    actions: list[Action] = [
        columns.stopped.set(True),
        columns.sweep_shard.remove(),
        columns.expires_at_s.set(typist.expires_at_ms // 1000 + 1),  # nobody is left to be told
    ]
    _update(typist.conversation_id, typist.user_id, actions, _is_as_read(typist))


def put_off(conversation_id: str, user_id: str, at_ms: int) -> None:
    """Schedules the sweep's next check of a row at `at_ms`; does nothing if the row is no longer due."""
    columns = tables.Typing
    _update(conversation_id, user_id, [columns.expires_at_ms.set(at_ms)], columns.sweep_shard.exists())


def remove_stale(typist: Typist) -> bool:
    """Deletes the row if it is still the expired one; returns False if the user has typed again meanwhile."""
    row = tables.Typing(conversation_id=typist.conversation_id, user_id=typist.user_id)
    return _delete(row, _is_as_read(typist))


def heads_and_typists(keys: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], tuple[Head | None, Typist | None]]:
    """Returns heads and typing rows, expired or not, by conversation and user id.

    One round trip, and one for each damaged typing row, which is deleted (D-452). A damaged head is as none.
    """
    wanted = list(keys)
    rows = batches.read_rows({tables.Conversation: [key[:1] for key in wanted], tables.Typing: wanted})
    found = unreadable.readable("Typing", wanted, lambda key: _found(rows, *key))
    for key in wanted:
        if key not in found and (item := rows.item(tables.Typing, *key)) is not None:
            columns = tables.Typing
            as_read = conditions.unchanged(item, columns.until_ms) & conditions.unchanged(item, columns.since_seq)
            _delete(columns(conversation_id=key[0], user_id=key[1]), as_read)
    heads = conversations.readable_heads(rows, dict.fromkeys(key[0] for key in wanted))
    return {key: (heads.get(key[0]), found.get(key)) for key in wanted}


def in_conversation(conversation_id: str, now_ms: int) -> list[Typist]:
    """Returns the users who are typing there now, without unreadable rows; one round trip."""
    found = unreadable.decoded("Typing", tables.Typing.query(conversation_id), _typist)
    return [typist for typist in found if typist.expires_at_ms > now_ms and not typist.is_stopped]


def due(now_ms: int) -> Iterator[tuple[str, str]]:
    """Yields conversation id and user id of the rows that the sweep must check; some have not expired yet.

    An index query per shard, and for each `due.MAX_PAGE` more.
    """
    rows = due_rows(tables.Typing.by_expiry, shards("typing"), tables.Typing.expires_at_ms <= now_ms)
    return ((row.conversation_id, row.user_id) for row in rows)


def _update(conversation_id: str, user_id: str, actions: list[Action], condition: Condition | None) -> None:
    try:
        tables.Typing(conversation_id=conversation_id, user_id=user_id).update(actions=actions, condition=condition)
    except UpdateError as error:
        if not conditions.failed_condition(error):
            raise
    except unreadable.ERRORS:  # it is written, and DynamoDB has answered with the whole row, which is damaged elsewhere
        unreadable.report("Typing", [f"{conversation_id}/{user_id}"])


def _delete(row: tables.Typing, condition: Condition) -> bool:
    try:
        row.delete(condition=condition)
    except DeleteError as error:
        if conditions.failed_condition(error):
            return False
        raise
    return True


def _found(rows: batches.Rows, *key: str) -> Typist | None:
    row = rows.get(tables.Typing, *key)
    return None if row is None else _typist(row)


def _typist(row: tables.Typing) -> Typist:
    until_ms = row.expires_at_ms if row.until_ms is None else row.until_ms
    since_seq = None if row.since_seq is None else int(row.since_seq)
    return Typist(row.conversation_id, row.user_id, int(until_ms), since_seq, bool(row.stopped))


def _is_as_read(typist: Typist) -> Condition:
    """Returns the condition that the user has not typed again since the row was read."""
    columns = tables.Typing
    of_before: Condition = columns.until_ms.does_not_exist() & (columns.expires_at_ms == typist.expires_at_ms)
    is_as_read: Condition = (columns.until_ms == typist.expires_at_ms) | of_before
    return is_as_read
