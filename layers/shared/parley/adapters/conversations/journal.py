"""Writes a step in one transaction, if the head has not changed since it was read.

Only this module changes a conversation.
"""

from collections.abc import Callable
from functools import reduce
from operator import and_
from typing import Any

from pynamodb.attributes import Attribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from parley.adapters.attachments import attachments
from parley.adapters.conversations import head_rows, membership_writes, message_rows, personal_marks, words_left_behind
from parley.adapters.dynamodb import conditions, outbox, tables
from parley.adapters.moderation import reports
from parley.adapters.people import blocks
from parley.domain.conversations.head import Head
from parley.domain.conversations.steps import BlockState, Changed, OfTicket, Sent, Step, Token

Beside = Callable[[TransactWrite], None]
_EMPTY = tables.Message.conversation_id.does_not_exist()


def write(step: Step, now_s: int, beside: Beside | None = None) -> None:
    """Writes a step, all or nothing; raises LostRace if the conversation has changed since it was read.

    `beside` adds rows to its transaction.

    One round trip. A send to one person takes 6 write units for items under 1 KB (a transaction counts twice), and 4
    more for each member's index entry in the first one of an hour. Each attachment takes 2, and each forwarded one 4.
    """
    with conditions.transaction() as transaction:
        put_step(transaction, step, now_s)
        if beside is not None:
            beside(transaction)


def put_step(transaction: TransactWrite, step: Step, now_s: int) -> None:
    """Adds a step to a transaction that also writes the rows that the step tells of."""
    for sent in step.brought:
        _put_message(transaction, step, sent, now_s)
    for author_id in {each.message.forwarded_from.sender_id for each in step.brought if each.message.forwarded_from}:
        transaction.save(words_left_behind.row(author_id, step.before.conversation_id))
    _put_head(transaction, step)
    if step.changed is not None:
        _put_change(transaction, step, step.changed)
    if step.of_ticket is not None:
        _put_of_ticket(transaction, step, step.of_ticket, now_s)
    if step.released is not None:
        outbox.put_entry(transaction, step.released)
    if step.report is not None:
        reports.put_new(transaction, step.report)
    if step.while_block is not None:
        _check_block(transaction, step.while_block)
    membership_writes.put_memberships(transaction, step)


def _put_message(transaction: TransactWrite, step: Step, sent: Sent, now_s: int) -> None:
    message = sent.message
    transaction.save(message_rows.message_row(step, message), condition=_EMPTY)
    for position, attachment in enumerate(sent.attachments):
        attachments.put_sent(transaction, attachment, message.seq, position)
    for copy in sent.copies:
        attachments.put_copy(transaction, copy)
    if sent.record is not None:
        is_free = _free(now_s)
        transaction.save(message_rows.record_row(message, sent.record), condition=is_free)
        if sent.record.context is not None:
            row = message_rows.unaddressed_row(message, sent.record, sent.record.context)
            transaction.save(row, condition=is_free)


def _free(now_s: int) -> Condition:
    """Returns the condition that no record of a `client_id` holds."""
    is_free: Condition = _EMPTY | (tables.Message.expires_at_s <= now_s)
    return is_free


def _put_of_ticket(transaction: TransactWrite, step: Step, part: OfTicket, now_s: int) -> None:
    """Adds the two rows; a large ticket's agents are told of them by the stream."""
    tells = tuple(each for each in step.follow_ups if each == "fan_out")
    if part.message is not None:
        transaction.save(message_rows.message_row(step, part.message, tells), condition=_EMPTY)
    if part.entry is not None:
        transaction.save(message_rows.change_row(part.entry, tells), condition=_EMPTY)
        if part.record is not None:
            row = message_rows.change_record_row(part.entry, part.record)
            transaction.save(row, condition=_free(now_s))


def _put_change(transaction: TransactWrite, step: Step, changed: Changed) -> None:
    conversation_id, message, mark = step.before.conversation_id, changed.message, changed.mark
    transaction.save(message_rows.change_row(changed.entry, step.follow_ups), condition=_EMPTY)
    if message is not None:
        row = tables.Message(conversation_id=conversation_id, seq=message.seq)
        exists = tables.Message.conversation_id.exists()
        transaction.update(row, actions=message_rows.changed_actions(message), condition=exists)
    if changed.replaced is not None:
        transaction.save(message_rows.version_row(changed.replaced))
    if mark is not None:
        transaction.save(personal_marks.row(conversation_id, mark), condition=personal_marks.unmoved(mark))


def _check_block(transaction: TransactWrite, block: BlockState) -> None:
    condition = blocks.made(is_on=block.is_on)
    transaction.condition_check(tables.Block, block.user_id, block.other_id, condition=condition)


def _put_head(transaction: TransactWrite, step: Step) -> None:
    key = step.before.conversation_id
    if step.creates:
        row = head_rows.conversation_row(step.after)
        transaction.save(row, condition=tables.Conversation.conversation_id.does_not_exist())
        return
    actions = differences(step.before, step.after)
    if not actions:  # a change for one member only rests on no act of others, except the end of the messages
        if step.rests_on_last:
            is_last = tables.Conversation.last_seq == step.before.last_seq
            transaction.condition_check(tables.Conversation, key, condition=is_last)
        return
    condition = _unmoved(step)
    if step.token is not None:
        as_it_was, taking = _bucket(step.before, step.token)
        condition &= as_it_was
        actions += taking
    transaction.update(tables.Conversation(conversation_id=key), actions=actions, condition=condition)


def _bucket(head: Head, token: Token) -> tuple[Condition, list[Action]]:
    """Returns the condition that buckets are as they were read, and the actions that take a token out of one.

    Only these entries are written: steps that rest on different rows may be written at the same time.
    """
    if head.rates is None:
        rates = tables.Conversation.rates
        return rates.does_not_exist(), [rates.set({token.user_id: token.after_ms})]
    own = Path(["rates", token.user_id])
    condition = own.does_not_exist() if token.before_ms is None else own == token.before_ms
    actions: list[Action] = [own.set(token.after_ms)]
    for user_id, tat_ms in token.full.items():
        other = Path(["rates", user_id])
        condition &= other == tat_ms
        actions.append(other.remove())
    return condition, actions


def _unmoved(step: Step) -> Condition:
    """Returns the condition that nothing has changed on which the step rests.

    A message rests on the seq before it, on no archiving since, and on the blocks; a change on the change before it.
    Both rest on the newest message if they write its preview for lists, or call everyone.
    """
    head, after = step.before, step.after
    held: list[Condition] = []
    if _about_messages(after) != _about_messages(head):
        held += [
            tables.Conversation.last_seq == head.last_seq,
            _as_set(tables.Conversation.has_archived, is_set=head.has_archived),
            _as_set(tables.Conversation.blocked_by, is_set=bool(head.blocked_by)),
        ]
    if after.last_change_seq != head.last_change_seq:
        held.append(tables.Conversation.last_change_seq == head.last_change_seq)
    return reduce(and_, held)


def _about_messages(head: Head) -> tuple[Any, ...]:
    seen = (head.horizon_seq, head.visible_from_seqs)
    return head.last_seq, head.last_message, head.has_archived, head.everyone_seqs, *seen


def _as_set(attribute: Attribute[Any], *, is_set: bool) -> Condition:
    return attribute.exists() if is_set else attribute.does_not_exist()


def differences(before: Head, after: Head) -> list[Action]:
    """Returns the actions that turn the row of `before` into that of `after`."""
    old, new = head_rows.stored_head(before), head_rows.stored_head(after)
    return tables.setting(tables.Conversation, {name: value for name, value in new.items() if value != old[name]})
