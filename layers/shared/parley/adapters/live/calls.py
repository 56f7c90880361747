"""Calls, and the line of each person: a row that exists while they are in a call, so that nobody is in two.

A current call has both lines; all three rows are written together, and only if they are as they were read.

Nobody can end a call whose row is damaged, so its reader removes it with the lines that lead to it (D-452).
"""

from collections.abc import Iterable, Iterator

import msgspec
from pynamodb.exceptions import DeleteError, PutError, UpdateError
from pynamodb.expressions.condition import Condition

from parley.adapters.conversations import conversations, journal
from parley.adapters.dynamodb import batches, conditions, outbox, tables, unreadable
from parley.adapters.dynamodb.due import due_rows
from parley.domain.conversations.head import Head
from parley.domain.conversations.steps import Step
from parley.domain.live.calls import KEEP_S, MAX_SIGNAL_BYTES, MAX_SIGNALS, StoredCall
from parley.domain.live.sweeps import shard, shards

LINE = "line"
SIGNALS = "#signals"  # ends the key that counts a person's signals in a conversation's calls


def head_and_call(conversation_id: str, call_id: str) -> tuple[Head | None, StoredCall | None]:
    """Returns a conversation's head and one of its calls; one round trip.

    A damaged call is removed, with the lines of the two people: three round trips more.
    """
    rows = batches.read_rows({tables.Conversation: [(conversation_id,)], tables.Call: [(conversation_id, call_id)]})
    head = conversations.head_of(rows, conversation_id)
    return head, _call_beside(rows, head, conversation_id, call_id)


def heads_and_calls(keys: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], tuple[Head | None, StoredCall | None]]:
    """Returns the same for many, by conversation and call id; a damaged head is as none."""
    wanted = list(keys)
    rows = batches.read_rows({tables.Conversation: [key[:1] for key in wanted], tables.Call: wanted})
    heads = conversations.readable_heads(rows, dict.fromkeys(key[0] for key in wanted))
    return {key: (heads.get(key[0]), _call_beside(rows, heads.get(key[0]), *key)) for key in wanted}


def on_lines_of(user_ids: Iterable[str]) -> dict[str, StoredCall]:
    """Returns the call that each person is in, by person; two round trips.

    A line that leads to no readable call is freed, which takes two more at most.
    """
    wanted = list(user_ids)
    lines = batches.read_rows({tables.Call: [line_key(user_id) for user_id in wanted]})
    keys = {user_id: _call_on(lines, user_id) for user_id in wanted if lines.has(tables.Call, *line_key(user_id))}
    rows = batches.read_rows({tables.Call: [key for key in keys.values() if key]}) if any(keys.values()) else None
    found = {}
    for user_id, key in keys.items():
        call = _call_beside(rows, None, *key) if rows and key else None
        if call is None:
            _free_line(lines, user_id)
        else:
            found[user_id] = call
    return found


def find_call(conversation_id: str, call_id: str) -> StoredCall | None:
    """Returns a call, None if there is none that can be read; one round trip."""
    rows = batches.read_rows({tables.Call: [(conversation_id, call_id)]})
    row = rows.get(tables.Call, conversation_id, call_id)
    return None if row is None else _call(row)


def begin(call: StoredCall) -> None:
    """Writes a new call with the lines of both, and an entry of the outbox.

    Raises LostRace if the call exists already, a line is taken, or one of the two has blocked the other meanwhile. One
    round trip, 12 write units.
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
        outbox.put_entry(transaction, call.entry())


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
    """Writes an ended call, with the step that tells of it or an entry of the outbox, and frees the lines of both.

    `before` is None for a call that never rang. Raises LostRace if the call, or the conversation, is not as it was
    read. One round trip.
    """
    is_as_read = (
        tables.Call.version == before.version if before is not None else tables.Call.conversation_id.does_not_exist()
    )
    with conditions.transaction() as transaction:
        if step is not None:
            journal.put_step(transaction, step, now_s)
        else:
            outbox.put_entry(transaction, after.entry())
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


def _call_on(lines: batches.Rows, user_id: str) -> tuple[str, str] | None:
    """Returns the key of the call to which a line leads; None if there is no line, or it is damaged."""
    key = line_key(user_id)
    return unreadable.readable("Calls", [key], lambda key: _led_to(lines.get(tables.Call, *key))).get(key)


def _led_to(line: tables.Call | None) -> tuple[str, str] | None:
    if line is None:
        return None
    return msgspec.convert((line.live_conversation_id, line.live_call_id), type=tuple[str, str])


def _call_beside(rows: batches.Rows, head: Head | None, *key: str) -> StoredCall | None:
    """Returns a call from a batch; reports and removes a damaged one, with the lines of the people of its head."""
    try:
        row = rows.get(tables.Call, *key)
        return None if row is None else _call(row)
    except unreadable.ERRORS:
        unreadable.report("Calls", ["/".join(key)])
    _remove_damaged(rows.item(tables.Call, *key) or {}, head.participants if head is not None else (), *key)
    return None


def _remove_damaged(item: batches.Item, people: Iterable[str], conversation_id: str, call_id: str) -> None:
    """Deletes a damaged call, if it is as it was read, and the lines of these people that lead to it."""
    leads_here = (tables.Call.live_conversation_id == conversation_id) & (tables.Call.live_call_id == call_id)
    for user_id in people:
        _remove(line_key(user_id), leads_here)
    # The row goes last: as long as it is there, its next reader does what is left.
    columns = (tables.Call.version, tables.Call.started_at_ms)
    _remove((conversation_id, call_id), conditions.unchanged(item, columns[0]) & conditions.unchanged(item, columns[1]))


def _free_line(lines: batches.Rows, user_id: str) -> None:
    """Deletes a line, if it is as it was read."""
    item = lines.item(tables.Call, *line_key(user_id)) or {}
    columns = (tables.Call.live_conversation_id, tables.Call.live_call_id)
    _remove(line_key(user_id), conditions.unchanged(item, columns[0]) & conditions.unchanged(item, columns[1]))


def _remove(key: tuple[str, str], condition: Condition) -> None:
    conversation_id, call_id = key
    try:
        tables.Call(conversation_id=conversation_id, call_id=call_id).delete(condition=condition)
    except DeleteError as error:
        if not conditions.failed_condition(error):
            raise


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
