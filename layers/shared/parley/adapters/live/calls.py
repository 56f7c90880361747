"""Calls, and the line of each person: a row that exists while they are in a call, so that nobody is in two.

A current call has both lines; all three rows are written together, and only if they are as they were read.
"""

from collections.abc import Iterable, Iterator

import msgspec
from pynamodb.exceptions import PutError, UpdateError

from parley.adapters.conversations import conversations, journal
from parley.adapters.dynamodb import batches, conditions, tables
from parley.adapters.dynamodb.due import due_rows
from parley.domain.conversations.head import Head
from parley.domain.conversations.steps import Step
from parley.domain.live.calls import KEEP_S, MAX_SIGNAL_BYTES, MAX_SIGNALS, StoredCall
from parley.domain.live.sweeps import shard, shards

LINE = "line"
SIGNALS = "#signals"  # ends the key that counts a person's signals in a conversation's calls


def head_and_call(conversation_id: str, call_id: str) -> tuple[Head | None, StoredCall | None]:
    """Returns a conversation's head and one of its calls; one round trip."""
    return heads_and_calls([(conversation_id, call_id)])[conversation_id, call_id]


def heads_and_calls(keys: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], tuple[Head | None, StoredCall | None]]:
    """Returns a conversation's head and one of its calls, by conversation and call id; one round trip."""
    wanted = list(keys)
    rows = batches.read_rows({tables.Conversation: [key[:1] for key in wanted], tables.Call: wanted})
    return {key: (conversations.head_of(rows, key[0]), _found(rows, *key)) for key in wanted}


def on_lines_of(user_ids: Iterable[str]) -> dict[str, StoredCall]:
    """Returns the call that each person is in, by person; two round trips."""
    wanted = list(user_ids)
    rows = batches.read_rows({tables.Call: [line_key(user_id) for user_id in wanted]})
    lines = {user_id: row for user_id in wanted if (row := rows.get(tables.Call, *line_key(user_id))) is not None}
    keys = {user_id: (row.live_conversation_id or "", row.live_call_id or "") for user_id, row in lines.items()}
    found = batches.read_rows({tables.Call: keys.values()}) if keys else None
    calls = {user_id: _found(found, *key) for user_id, key in keys.items()} if found else {}
    return {user_id: call for user_id, call in calls.items() if call is not None}


def begin(call: StoredCall) -> None:
    """Writes a new call with the lines of both.

    Raises LostRace if the call exists already, a line is taken, or one of the two has blocked the other meanwhile. One
    round trip, 10 write units.
    """
    not_blocked = tables.Conversation.blocked_by.does_not_exist()
    with conditions.transaction() as transaction:
        transaction.condition_check(tables.Conversation, call.conversation_id, condition=not_blocked)
        transaction.save(_row(call), condition=tables.Call.conversation_id.does_not_exist())
        for user_id in call.people:
            conversation_id, line = line_key(user_id)
            row = tables.Call(
                conversation_id=conversation_id,
                call_id=line,
                live_conversation_id=call.conversation_id,
                live_call_id=call.call_id,
            )
            transaction.save(row, condition=tables.Call.conversation_id.does_not_exist())


def count_signal(call: StoredCall, user_id: str, size_bytes: int, now_s: int) -> bool:
    """Counts a signal that a person has passed on; returns False if it is one too many for the call.

    One round trip, one write unit. It has a row of its own, so that no signal blocks another step.
    """
    signals, so_far = tables.Call.signals, tables.Call.signal_bytes
    most = MAX_SIGNAL_BYTES[call.state] - size_bytes
    row = tables.Call(conversation_id=f"{call.conversation_id}#{user_id}{SIGNALS}", call_id=call.call_id)
    try:
        row.update(
            actions=[
                signals.add(1),
                so_far.add(size_bytes),
                tables.Call.expires_at_s.set(now_s + KEEP_S),
            ],
            condition=signals.does_not_exist() | ((signals < MAX_SIGNALS[call.state]) & (so_far <= most)),
        )
    except UpdateError as error:
        if conditions.failed_condition(error):
            return False
        raise
    return True


def change(before: StoredCall, after: StoredCall) -> None:
    """Writes the next version of a call; raises LostRace if it is not as it was read; one round trip."""
    try:
        _row(after).save(condition=tables.Call.version == before.version)
    except PutError as error:
        if conditions.failed_condition(error):
            raise conditions.LostRace from error
        raise


def end(before: StoredCall | None, after: StoredCall, step: Step | None, now_s: int) -> None:
    """Writes an ended call, with the step that tells of it, and frees the lines of both.

    `before` is None for a call that never rang. Raises LostRace if the call, or the conversation, is not as it was
    read. One round trip.
    """
    is_as_read = (
        tables.Call.version == before.version if before is not None else tables.Call.conversation_id.does_not_exist()
    )
    with conditions.transaction() as transaction:
        if step is not None:
            journal.put_step(transaction, step, now_s)
        transaction.save(_row(after), condition=is_as_read)
        if before is not None:
            for user_id in after.people:
                conversation_id, line = line_key(user_id)
                transaction.delete(tables.Call(conversation_id=conversation_id, call_id=line))


def due(now_s: int) -> Iterator[tuple[str, str]]:
    """Yields conversation id and call id of the calls that the sweep must check.

    An index query per shard, and for each `due.MAX_PAGE` more.
    """
    rows = due_rows(tables.Call.by_due, shards("calls"), tables.Call.due_at_s <= now_s)
    return ((row.conversation_id, row.call_id) for row in rows)


def put_off(conversation_id: str, call_id: str, at_s: int) -> None:
    """Schedules the sweep's next check of a call at `at_s`; does nothing if the call is no longer due."""
    row = tables.Call(conversation_id=conversation_id, call_id=call_id)
    try:
        row.update(actions=[tables.Call.due_at_s.set(at_s)], condition=tables.Call.due_at_s <= at_s)
    except UpdateError as error:
        if not conditions.failed_condition(error):
            raise


def line_key(user_id: str) -> tuple[str, str]:
    """Returns the key of a person's line."""
    # No user id holds a `#`, so a line is never taken for a call.
    return f"{user_id}#{LINE}", LINE


def is_kept_for(row: tables.Call, user_id: str) -> bool:
    """Says whether a row belongs to this one person: their line, or the count of their signals in a call."""
    return row.conversation_id == line_key(user_id)[0] or row.conversation_id.endswith(f"#{user_id}{SIGNALS}")


def _found(rows: batches.Rows, *key: str) -> StoredCall | None:
    row = rows.get(tables.Call, *key)
    return None if row is None else _call(row)


def _row(call: StoredCall) -> tables.Call:
    fields = {name: value for name, value in msgspec.structs.asdict(call).items() if value is not None}
    row = tables.Call(**fields)
    if call.due_at_s is not None:
        row.sweep_shard = shard("calls", call.call_id)
    if call.ended_at_ms is not None:
        row.expires_at_s = call.ended_at_ms // 1000 + KEEP_S
    return row


def _call(row: tables.Call) -> StoredCall:
    fields = {name: getattr(row, name) for name in StoredCall.__struct_fields__}
    return msgspec.convert(fields, type=StoredCall)
