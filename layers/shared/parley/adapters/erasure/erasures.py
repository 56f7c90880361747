"""Erasures: the job's row, the mark of an erased person, and the writes of one unit beside the job.

A unit is one transaction: its writes, made by the functions below, and the job's new row.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import msgspec
from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from parley.adapters.conversations import head_rows, journal, message_rows, words_left_behind
from parley.adapters.dynamodb import batches, clients, conditions, tables, unreadable
from parley.adapters.dynamodb.documents import from_wire, to_wire
from parley.adapters.moderation import audit
from parley.adapters.people import erased_people
from parley.domain.conversations.head import Head, Membership
from parley.domain.conversations.message import StoredMessage
from parley.domain.conversations.steps import Change
from parley.domain.erasure.job import Job
from parley.domain.moderation.audit import Entry

Op = Callable[[TransactWrite], None]

MAX_OPS = 90  # of a unit; a transaction holds 100 items (DynamoDB quotas), one of which is the job
_FIELDS = Job.__struct_fields__


def get_job(erasure_id: str) -> Job | None:
    """Returns a job, or None; one round trip."""
    row = batches.read_rows({tables.Erasure: [(erasure_id,)]}).get(tables.Erasure, erasure_id)
    return None if row is None or row.state is None else _job(row)


def begun_for(user_id: str) -> Job | None:
    """Returns the job that has erased, or erases, a person, None if no job does; two round trips."""
    row = batches.read_rows({tables.Erasure: [(erased_people.key(user_id),)]}).get(
        tables.Erasure, erased_people.key(user_id)
    )
    return None if row is None or row.of_erasure is None else get_job(row.of_erasure)


def add(job: Job, entry: Entry) -> None:
    """Writes a new job, marks its person as erased and tells the audit log; raises LostRace if they are already."""
    mark = tables.Erasure(erasure_id=erased_people.key(job.whom), of_erasure=job.erasure_id)
    try:
        with TransactWrite(connection=clients.dynamodb) as transaction:
            transaction.save(_row(job), condition=tables.Erasure.erasure_id.does_not_exist())
            transaction.save(mark, condition=tables.Erasure.erasure_id.does_not_exist())
            audit.put_entry(transaction, entry)
    except TransactWriteError as error:
        if conditions.lost_race(error):
            raise conditions.LostRace from error
        raise


def commit(job: Job, ops: Sequence[Op]) -> Job:
    """Writes a unit's changes and the job after it, all or nothing, and returns the job; raises LostRace."""
    try:
        with TransactWrite(connection=clients.dynamodb) as transaction:
            transaction.save(_row(job), condition=tables.Erasure.revision == job.revision - 1)
            for op in ops:
                op(transaction)
    except TransactWriteError as error:
        if conditions.lost_race(error):
            raise conditions.LostRace from error
        raise
    return job


# --- the writes of a unit ---------------------------------------------------------------------------------------------


def delete_row(row: tables.Table) -> Op:
    """Deletes a row."""
    return lambda transaction: transaction.delete(row)


def move_head(before: Head, after: Head) -> Op:
    """Writes a head's new state; refuses the unit if the conversation has changed since it was read."""
    unmoved = (tables.Conversation.last_seq == before.last_seq) & (
        tables.Conversation.last_change_seq == before.last_change_seq
    )
    row = tables.Conversation(conversation_id=before.conversation_id)
    actions = _moves(before, after)
    return lambda transaction: transaction.update(row, actions=actions, condition=unmoved)


def keep_absent(conversation_id: str) -> Op:
    """Refuses the unit if a conversation exists by then that was not there."""
    absent = tables.Conversation.conversation_id.does_not_exist()
    return lambda transaction: transaction.condition_check(tables.Conversation, conversation_id, condition=absent)


def is_moved(before: Head, after: Head) -> bool:
    """Says whether the row of a head would change."""
    return bool(_moves(before, after))


def _moves(before: Head, after: Head) -> list[Action]:
    """Returns the actions that turn the row of `before` into that of `after`; of buckets it only removes."""
    gone = (before.rates or {}).keys() - (after.rates or {}).keys()
    return [*journal.differences(before, after), *(Path(["rates", user_id]).remove() for user_id in gone)]


def change_message(message: StoredMessage) -> Op:
    """Writes a message's new state, its sender included."""
    row = tables.Message(conversation_id=message.conversation_id, seq=message.seq)
    actions = message_rows.rewritten_actions(message)
    return lambda transaction: transaction.update(
        row, actions=actions, condition=tables.Message.conversation_id.exists()
    )


def add_change(change: Change, follow_ups: tuple[str, ...] = ()) -> Op:
    """Adds an entry to a conversation's change log, with the work left for the stream."""
    row = message_rows.change_row(change, follow_ups)
    return lambda transaction: transaction.save(row, condition=tables.Message.conversation_id.does_not_exist())


def rename_change(change: Change) -> Op:
    """Replaces an entry of a conversation's change log."""
    row = tables.Message(conversation_id=message_rows.changes_key(change.conversation_id), seq=change.change_seq)
    actions: list[Action] = [tables.Message.change.set(msgspec.to_builtins(change))]
    return lambda transaction: transaction.update(row, actions=actions)


def take_over(head: Head, membership: Membership, pseudonym: str, peer_id: str) -> list[Op]:
    """Replaces a person's membership of a direct conversation by a pseudonym's, and leaves a trace."""
    conversation_id, user_id = membership.conversation_id, membership.user_id
    heir = head_rows.membership_row(head, msgspec.structs.replace(membership, user_id=pseudonym), peer_id)
    own = tables.Membership(user_id=user_id, conversation_id=conversation_id)
    peer = tables.Membership(user_id=peer_id, conversation_id=conversation_id)
    name = tables.Membership.unseen_peer_id if head.awaits_answer else tables.Membership.peer_id
    named: list[Action] = [name.set(pseudonym)]
    return [
        lambda transaction: transaction.save(heir),
        delete_row(own),
        lambda transaction: transaction.update(peer, actions=named, condition=tables.Membership.user_id.exists()),
        lambda transaction: transaction.save(words_left_behind.row(user_id, conversation_id)),
    ]


def hand_over(head: Head, membership: Membership, pseudonym: str) -> list[Op]:
    """Replaces a person's membership of a ticket by a pseudonym's, and leaves a trace."""
    conversation_id, user_id = membership.conversation_id, membership.user_id
    heir = head_rows.membership_row(head, msgspec.structs.replace(membership, user_id=pseudonym))
    return [
        put_row(heir),
        delete_row(tables.Membership(user_id=user_id, conversation_id=conversation_id)),
        put_row(words_left_behind.row(user_id, conversation_id)),
    ]


def update_row(row: tables.Table, **attributes: object) -> Op:
    """Sets attributes of a row by name and removes those that are None; the others stay as they are by then."""
    actions = tables.setting(type(row), attributes)
    return lambda transaction: transaction.update(row, actions=actions)


def put_row(row: tables.Table) -> Op:
    """Writes a row, which replaces any earlier one."""
    return lambda transaction: transaction.save(row)


# --- the reads of a unit ----------------------------------------------------------------------------------------------


def first_membership(user_id: str) -> str | None:
    """Returns a conversation that a person is in, None if they are in none; one round trip."""
    key = tables.Membership.key_names()
    found = tables.Membership.query(user_id, limit=1, page_size=1, consistent_read=True, attributes_to_get=key)
    return next((row.conversation_id for row in found), None)


def attachments_of(user_id: str, after: str | None, limit: int) -> list[str]:
    """Returns up to `limit` ids of a person's attachments, after the id `after`; one round trip.

    The index may be a second late.
    """
    condition = None if after is None else tables.File.attachment_id > after
    found = tables.File.by_owner.query(user_id, condition, limit=limit, page_size=limit)
    return [row.attachment_id for row in found]


def blocks_of(user_id: str, limit: int) -> list[str]:
    """Returns up to `limit` people who have a block with a person; one round trip."""
    key = tables.Block.key_names()
    found = tables.Block.query(user_id, limit=limit, page_size=limit, consistent_read=True, attributes_to_get=key)
    return [row.other_id for row in found]


def versions(conversation_id: str, seq: int, limit: int) -> list[tables.Message]:
    """Returns the rows of a message's earlier texts; one round trip."""
    key = message_rows.versions_key(conversation_id, seq)
    return list(tables.Message.query(key, limit=limit, page_size=limit, consistent_read=True))


def scanned(
    model: type[tables.Table], user_id: str, cursor: str | None, limit: int
) -> tuple[list[tables.Table], str | None]:
    """Returns up to `limit` rows of a whole table, and the cursor after them, None at its end; one round trip.

    Leaves out an unreadable row, which it reports, unless it names this person: that raises UnreadableRow, because the
    erasure would be incomplete.

    For tables whose rows live for days at most, and for reports and the audit log. Those stay, but are few beside
    messages, and an index by person would be one more write for each entry.
    """
    start = None if cursor is None else {name: to_wire(value) for name, value in msgspec.json.decode(cursor).items()}
    found = model.scan(limit=limit, page_size=limit, last_evaluated_key=start, consistent_read=True)
    rows: list[tables.Table] = []
    for row in unreadable.each(found):
        if not isinstance(row, unreadable.UnreadableRow):
            rows.append(row)
        elif _names(row.item, user_id):
            raise row
        else:
            unreadable.report(model.__name__, [row.name])
    behind: Mapping[str, Any] | None = found.last_evaluated_key
    if behind is None:
        return rows, None
    return rows, msgspec.json.encode({name: from_wire(value) for name, value in behind.items()}).decode()


def _names(value: object, user_id: str) -> bool:
    """Says whether an item in DynamoDB's own notation holds a person's id, alone or as a part of a key."""
    if isinstance(value, str):
        return user_id in value.split("#")
    if isinstance(value, Mapping):
        return any(_names(name, user_id) or _names(inner, user_id) for name, inner in value.items())
    return isinstance(value, Collection) and any(_names(inner, user_id) for inner in value)


def _row(job: Job) -> tables.Erasure:
    return tables.Erasure(**{name: getattr(job, name) for name in _FIELDS})


def _job(row: tables.Erasure) -> Job:
    fields = {name: getattr(row, name) for name in _FIELDS}
    return msgspec.convert(fields | {"removed": row.removed or {}}, type=Job)
