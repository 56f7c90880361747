"""Conversations while they are imported: hidden heads, batches of messages, the members' sides at the end."""

from collections.abc import Callable, Collection, Iterable, Sequence

from msgspec import to_builtins
from pynamodb.exceptions import DeleteError, PutError, TransactWriteError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from parley.adapters.conversations import head_rows, journal, message_rows, personal_marks, words_left_behind
from parley.adapters.dynamodb import batches, clients, conditions, tables
from parley.adapters.dynamodb.batches import Rows
from parley.adapters.people import blocks
from parley.domain.api import ids
from parley.domain.api.types import Settings
from parley.domain.conversations.head import Head, Membership
from parley.domain.conversations.message import StoredMessage
from parley.domain.conversations.steps import PersonalMark
from parley.domain.moving.imports import IN_WORK, Import

MAX_PUT = 50  # attachments of one transaction
PutMore = Callable[[TransactWrite], None]
_IMPORTING = tables.Conversation.importing


def import_of(rows: Rows, conversation_id: str) -> Import | None:
    """Returns a conversation from a batch, also one that others do not see; None if it does not exist."""
    row = rows.get(tables.Conversation, conversation_id)
    if row is None:
        return None
    return Import(
        head=head_rows.head(row),
        run=row.imported_by,
        is_hidden=row.importing is not None,
        done_seq=None if row.imported_seq is None else int(row.imported_seq),
    )


def create(head: Head, run: str) -> None:
    """Writes the hidden head of a new import; raises LostRace if the conversation exists. One round trip, 1 unit.

    Notes are a transaction, which holds that their ticket is still of this run.
    """
    row = head_rows.conversation_row(head)
    row.importing, row.imported_by = run, run
    is_new = tables.Conversation.conversation_id.does_not_exist()
    if head.is_notes:
        with conditions.transaction() as transaction:
            transaction.save(row, condition=is_new)
            is_there = (tables.Conversation.imported_by == run) & (tables.Conversation.last_seq != IN_WORK)
            transaction.condition_check(tables.Conversation, ids.ticket_of(head.conversation_id), condition=is_there)
        return
    try:
        row.save(condition=is_new)
    except PutError as error:
        if conditions.failed_condition(error):
            raise conditions.LostRace from error
        raise


def write_messages(before: Head, messages: Sequence[StoredMessage], marks: Iterable[PersonalMark]) -> None:
    """Writes the next messages with the reactions to them; the head has to move after that.

    Messages after the head's `last_seq` are not there yet: a retry writes them again. Raises LostRace if an attachment
    is not as it was read. One round trip, and one for each 50 attachments. A write unit for each KB of a message, one
    for each reaction, two for each attachment, and, but for two people, one for each author (for an erasure).
    """
    _put_in_messages(messages)
    context_type = before.context.type if before.context else None
    rows: list[tables.Table] = [message_rows.imported_row(message, context_type) for message in messages]
    rows += [_mark_row(before.conversation_id, mark) for mark in marks]
    if before.has_members:
        rows += [words_left_behind.row(user_id, before.conversation_id) for user_id in _authors(messages)]
    batches.write_rows(rows)


def _put_in_messages(messages: Sequence[StoredMessage]) -> None:
    """Notes for each attachment the message that carries it; nothing if it does already."""
    carried = [(message, place, each.id) for message in messages for place, each in enumerate(message.attachments)]
    file = tables.File
    for first in range(0, len(carried), MAX_PUT):
        with conditions.transaction() as transaction:
            for message, place, attachment_id in carried[first : first + MAX_PUT]:
                is_free: Condition = file.seq.does_not_exist()
                is_free |= file.seq == message.seq
                transaction.update(
                    file(attachment_id=attachment_id),
                    actions=[file.seq.set(message.seq), file.position.set(place)],
                    condition=(file.state == "clean") & (file.user_id == message.sender_id) & is_free,
                )


def _mark_row(conversation_id: str, mark: PersonalMark) -> tables.Receipt:
    row = personal_marks.row(conversation_id, mark)
    row.change_seq = None  # no change has put it there: `personal_marks.unmoved`
    return row


def _authors(messages: Sequence[StoredMessage]) -> Collection[str]:
    """Returns the people of whom these messages hold words."""
    first_authors = [each.forwarded_from.sender_id for each in messages if each.forwarded_from is not None]
    return dict.fromkeys([*(each.sender_id for each in messages), *first_authors])


def _as_read(before: Head, run: str) -> Condition:
    condition: Condition = tables.Conversation.last_seq == before.last_seq
    condition &= _IMPORTING == run
    return condition


def move(before: Head, after: Head, run: str) -> None:
    """Moves the hidden head to its next message; raises LostRace if it is not as it was read. One round trip."""
    actions = journal.differences(before, after)
    if not actions:
        return
    row = tables.Conversation(conversation_id=before.conversation_id)
    try:
        row.update(actions=actions, condition=_as_read(before, run))
    except UpdateError as error:
        if conditions.failed_condition(error):
            raise conditions.LostRace from error
        raise


def finish(
    before: Head, after: Head, run: str, members: Sequence[Membership], now_ms: int, beside: PutMore | None = None
) -> None:
    """Writes the members' sides, and shows the conversation; raises LostRace if the head is not as it was read.

    In a direct conversation one transaction, and only if neither has blocked the other. Elsewhere the memberships come
    first, because no list shows one whose head is hidden. Two round trips; 3 write units for each member. `beside` adds
    to the transaction.
    """
    rows = [_membership_row(after, each, now_ms) for each in members]
    if after.has_members:
        batches.write_rows(rows)
        rows = []
    try:
        with TransactWrite(connection=clients.dynamodb) as transaction:
            actions = [_IMPORTING.remove(), tables.Conversation.imported_seq.set(after.last_seq)]
            row = tables.Conversation(conversation_id=before.conversation_id)
            changes = [*journal.differences(before, after), *actions]
            transaction.update(row, actions=changes, condition=_as_read(before, run))
            if beside is not None:
                beside(transaction)
            for membership in rows:
                transaction.save(membership)
            if rows:
                first, second = after.participants
                transaction.condition_check(tables.Block, first, second, condition=blocks.absent())
    except TransactWriteError as error:
        if conditions.lost_race(error):
            raise conditions.LostRace from error
        raise


def _membership_row(head: Head, mine: Membership, now_ms: int) -> tables.Membership:
    others = [user_id for user_id in head.participants if user_id != mine.user_id]
    row = head_rows.membership_row(head, mine, None if head.has_members else others[0])
    if mine.settings != Settings():
        row.settings = to_builtins(mine.settings)
    if mine.settings.pinned:
        row.pinned_at_ms = now_ms
    if mine.archived_seq is not None:
        shelf = head_rows.shelf_of(mine.user_id, archived=True, notes=head.is_notes)
        row.archived_seq, row.shelf = mine.archived_seq, shelf
    row.mention_seqs = set(mine.mention_seqs) or None
    row.unread_from = to_builtins(mine.unread_from) if mine.unread_from else None
    row.imported = [mine.read_seq, mine.delivered_seq]
    return row


def claim(known: Import, run: str) -> None:
    """Hides a conversation whose import is to be undone; raises LostRace if it is not as the run left it.

    Both seqs become `IN_WORK`, so that no step succeeds that was decided before. One round trip.
    """
    conversation, head = tables.Conversation, known.head
    condition: Condition = (conversation.last_seq == head.last_seq) & (conversation.last_change_seq == 0)
    condition &= conversation.imported_by == run
    condition &= conversation.is_reported.does_not_exist()
    _update_head(head, [_IMPORTING.set(run), conversation.last_seq.set(IN_WORK)], condition, change_seq=IN_WORK)


def restore(known: Import, run: str) -> None:
    """Shows a conversation again that was hidden by `claim`; one round trip."""
    conversation = tables.Conversation
    actions = [_IMPORTING.remove(), conversation.last_seq.set(known.done_seq or 0)]
    _update_head(known.head, actions, (_IMPORTING == run) & (conversation.last_seq == IN_WORK), change_seq=0)


def _update_head(head: Head, actions: Sequence[Action], condition: Condition, change_seq: int) -> None:
    row = tables.Conversation(conversation_id=head.conversation_id)
    try:
        row.update(actions=[*actions, tables.Conversation.last_change_seq.set(change_seq)], condition=condition)
    except UpdateError as error:
        if conditions.failed_condition(error):
            raise conditions.LostRace from error
        raise


def are_as_imported(conversation_id: str, user_ids: Sequence[str]) -> bool:
    """Says whether no member has read, received or set anything since the import.

    Also if some memberships are gone, as after a try that has died. One round trip for each 100 members, at once.
    """
    keys = [(user_id, conversation_id) for user_id in user_ids]
    found = batches.read_rows({tables.Membership: keys})
    rows = [found.get(tables.Membership, *key) for key in keys]
    return any(row is None for row in rows) or all(_is_as_imported(row) for row in rows if row is not None)


def _is_as_imported(row: tables.Membership) -> bool:
    return not row.own_seq and row.imported == [int(row.read_seq), int(row.delivered_seq)]


def delete_memberships(conversation_id: str, user_ids: Iterable[str]) -> None:
    """Deletes memberships; one round trip for each 25, at once."""
    batches.delete_rows({tables.Membership: [(user_id, conversation_id) for user_id in user_ids]})


def delete_marks(conversation_id: str, limit: int) -> bool:
    """Deletes up to `limit` rows of reactions; says whether none are left. One query, and a round trip for each 25."""
    key = tables.Receipt.key_names()
    found = list(tables.Receipt.query(conversation_id, limit=limit, consistent_read=True, attributes_to_get=key))
    batches.delete_rows({tables.Receipt: [(conversation_id, row.marker) for row in found]})
    return len(found) < limit


def next_messages(conversation_id: str, limit: int) -> list[tables.Message]:
    """Returns up to `limit` rows of messages from the first; one query for each 1 MB."""
    return list(tables.Message.query(conversation_id, limit=limit, consistent_read=True))


def delete_messages(conversation_id: str, found: Sequence[tables.Message]) -> None:
    """Deletes messages and the traces of their authors; one round trip for each 25 rows, all at once."""
    people = {row.sender_id for row in found} | {row.forwarded_from["sender_id"] for row in found if row.forwarded_from}
    traces = sorted(people) if ids.has_members(conversation_id) else []
    batches.delete_rows({tables.WordsLeftBehind: [(user_id, conversation_id) for user_id in traces]})
    batches.delete_rows({tables.Message: [(conversation_id, int(row.seq)) for row in found]})


def delete_head(head: Head, run: str) -> None:
    """Deletes the hidden head of an import that is undone, if it is still there; one round trip."""
    row = tables.Conversation(conversation_id=head.conversation_id)
    try:
        row.delete(condition=(_IMPORTING == run) & (tables.Conversation.last_seq == IN_WORK))
    except DeleteError as error:
        if not conditions.failed_condition(error):
            raise
