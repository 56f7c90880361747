"""Who is typing where, for a few seconds."""

from pynamodb.exceptions import DeleteError, UpdateError
from pynamodb.expressions.condition import Condition

from parley.adapters import batches, conversations, tables, writes
from parley.domain.presence import SWEEP_SHARDS, sweep_shard
from parley.domain.stored import Head
from parley.domain.typing import Typist

MAX_DUE = 1000  # rows of one shard that one round of a sweep takes up; about 100 bytes each, so one page


def save(typist: Typist) -> None:
    """Writes that somebody types until `expires_at_ms`, in place of what was there; one round trip."""
    tables.Typing(
        conversation_id=typist.conversation_id,
        user_id=typist.user_id,
        expires_at_ms=typist.expires_at_ms,
        expires_at_s=typist.expires_at_ms // 1000 + 1,
        sweep_shard=sweep_shard(typist.conversation_id),
    ).save()


def of(conversation_id: str, user_id: str) -> Typist | None:
    """Returns the person's row there, run out or not; one round trip."""
    row = batches.read({tables.Typing: [(conversation_id, user_id)]}).get(tables.Typing, conversation_id, user_id)
    return None if row is None else _typist(row)


def stop(typist: Typist) -> None:
    """Notes that somebody has stopped typing; nothing if they have gone on meanwhile, or the row is gone."""
    row = tables.Typing(conversation_id=typist.conversation_id, user_id=typist.user_id)
    try:
        row.update(
            actions=[tables.Typing.stopped.set(True), tables.Typing.sweep_shard.remove()],
            condition=tables.Typing.expires_at_ms == typist.expires_at_ms,
        )
    except UpdateError as error:
        if not writes.failed_condition(error):
            raise


def remove_stale(typist: Typist) -> bool:
    """Deletes the row if it is still the one that ran out; returns False where somebody has typed on meanwhile."""
    row = tables.Typing(conversation_id=typist.conversation_id, user_id=typist.user_id)
    return _delete(row, tables.Typing.expires_at_ms == typist.expires_at_ms)


def head_and_typist(conversation_id: str, user_id: str) -> tuple[Head | None, Typist | None]:
    """Returns a conversation's head and whether somebody types there, run out or not; one round trip."""
    rows = batches.read({tables.Conversation: [(conversation_id,)], tables.Typing: [(conversation_id, user_id)]})
    row = rows.get(tables.Typing, conversation_id, user_id)
    return conversations.head_of(rows, conversation_id), None if row is None else _typist(row)


def in_conversation(conversation_id: str, now_ms: int) -> list[Typist]:
    """Returns who types there now; one round trip."""
    rows = tables.Typing.query(conversation_id)
    return [one for row in rows if (one := _typist(row)).expires_at_ms > now_ms and not one.is_stopped]


def due(now_ms: int) -> list[Typist]:
    """Returns the rows that have run out; an index query per shard, `MAX_DUE` of each at most."""
    return [
        _typist(row)
        for shard in SWEEP_SHARDS
        for row in tables.Typing.by_expiry.query(
            shard, tables.Typing.expires_at_ms <= now_ms, limit=MAX_DUE, page_size=MAX_DUE
        )
    ]


def _delete(row: tables.Typing, condition: Condition) -> bool:
    try:
        row.delete(condition=condition)
    except DeleteError as error:
        if writes.failed_condition(error):
            return False
        raise
    return True


def _typist(row: tables.Typing) -> Typist:
    return Typist(row.conversation_id, row.user_id, int(row.expires_at_ms), bool(row.stopped))
