"""The one way in which a conversation moves on: a step, written in one transaction behind the head that it was read at.

In the table of messages stand, by their keys (`conversation_id`, `seq`):

    <conversation>                          1, 2, 3 …     the messages
    <conversation>#<sender>#<client id>     0             the record of one send's `client_id`, for 24 hours
    <conversation>#c                        1, 2, 3 …     the change log, by change_seq
    <conversation>#v<seq>                   1, 2, 3 …     what a message said before each of its edits, and its deletion

No id holds a `#`, so none is ever taken for another.
"""

from typing import Any

import msgspec
from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from parley.adapters.conversations import conversations, personal_marks, receipts, words_left_behind
from parley.adapters.dynamodb import clients, tables
from parley.adapters.dynamodb import conditions as writes
from parley.adapters.moderation import reports
from parley.adapters.people import blocks
from parley.domain.conversations.head import Head
from parley.domain.conversations.message import StoredMessage
from parley.domain.conversations.steps import Change, Step, Token

_EMPTY = tables.Message.conversation_id.does_not_exist()


class LostRace(Exception):
    """Somebody else was faster, or the same request got there first: read again, then decide again."""


def write(step: Step, now_s: int) -> None:
    """Writes a step, all or nothing; raises LostRace where the conversation has moved on since it was read.

    One round trip. A send to one person takes 6 write units for items under 1 KB (a transaction counts twice), and 4
    more for each member's index entry in the first one of an hour.
    """
    try:
        with TransactWrite(connection=clients.dynamodb) as transaction:
            put(transaction, step, now_s)
    except TransactWriteError as error:
        if writes.lost_race(error):
            raise LostRace from error
        raise


def put(transaction: TransactWrite, step: Step, now_s: int) -> None:
    """Adds a step to a transaction that also writes what it tells of."""
    head = step.before
    _put_message(transaction, step, now_s)
    _put_head(transaction, step)
    if step.change is not None:
        transaction.save(change_row(step.change, step.errands), condition=_EMPTY)
    if step.changed is not None:
        transaction.update(
            tables.Message(conversation_id=head.conversation_id, seq=step.changed.seq),
            actions=_changed_actions(step.changed),
            condition=tables.Message.conversation_id.exists(),
        )
    if step.replaced is not None:
        transaction.save(_version_row(step.replaced, step.after))
    if step.report is not None:
        transaction.save(reports.row(step.report))
    if step.while_block is not None:
        user_id, other_id = step.while_block.user_id, step.while_block.other_id
        condition = blocks.made(is_on=step.while_block.is_on)
        transaction.condition_check(tables.Block, user_id, other_id, condition=condition)
    if step.mark is not None:
        transaction.save(
            personal_marks.row(head.conversation_id, step.mark), condition=personal_marks.unmoved(step.mark)
        )
    _put_members(transaction, step)


def _put_message(transaction: TransactWrite, step: Step, now_s: int) -> None:
    message = step.message
    if message is None:
        return
    transaction.save(_message_row(step, message), condition=_EMPTY)
    if message.forwarded_from is not None:
        transaction.save(words_left_behind.row(message.forwarded_from.sender_id, message.conversation_id))
    if step.record is not None:
        key = record_key(message.conversation_id, message.sender_id, step.record.client_id)
        transaction.save(
            tables.Message(
                conversation_id=key,
                seq=0,
                sent_seq=message.seq,
                fingerprint=step.record.fingerprint,
                expires_at_s=step.record.expires_at_s,
            ),
            condition=_EMPTY | (tables.Message.expires_at_s <= now_s),
        )


def _put_head(transaction: TransactWrite, step: Step) -> None:
    key = step.before.conversation_id
    if step.creates:
        row = conversations.conversation_row(step.after)
        transaction.save(row, condition=tables.Conversation.conversation_id.does_not_exist())
        return
    actions = differences(step.before, step.after)
    if not actions:  # what concerns one member only rests on nothing that others do, but for the end of the messages
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
    """Returns the condition that buckets are as they were read, and what takes a token out of one.

    Only these entries are written: steps that rest on different things may be written at the same time.
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


def _put_members(transaction: TransactWrite, step: Step) -> None:
    """Adds what a step writes to memberships, each of them once: a transaction may name an item once only."""
    head, message = step.after, step.message
    for added in step.added:
        row = conversations.membership_row(head, added)
        transaction.save(row, condition=tables.Membership.user_id.does_not_exist())
    for user_id in step.removed:
        row = tables.Membership(user_id=user_id, conversation_id=head.conversation_id)
        transaction.delete(row, condition=tables.Membership.user_id.exists())
        transaction.save(words_left_behind.row(user_id, head.conversation_id))
    own: dict[str, list[Action]] = {}
    if message is not None and step.read_by is not None and step.read_by not in step.removed:
        own[step.read_by] = [
            tables.Membership.read_seq.set(message.seq),
            tables.Membership.delivered_seq.set(message.seq),
            tables.Membership.mention_seqs.remove(),
        ]
        transaction.save(receipts.row(head.conversation_id, step.read_by, "read", message.seq, message.created_at_ms))
    named = message or step.changed
    if named is not None:
        mentions = tables.Membership.mention_seqs
        for user_id in step.mentioned:
            swept = step.swept.get(user_id)
            counting = mentions.add({named.seq}) if swept is None else mentions.set(set(swept.after))
            own.setdefault(user_id, []).append(counting)
        for user_id in step.unmentioned:
            own.setdefault(user_id, []).append(mentions.delete({named.seq}))
    if step.moves_index and not head.is_group:
        for user_id in head.participants:
            own.setdefault(user_id, []).extend(conversations.index_actions(user_id, head.active_hour))
    if step.is_answer:
        for user_id in head.participants:
            own.setdefault(user_id, []).extend(conversations.showing_actions(*head.others(user_id)))
    if step.own is not None:
        own.setdefault(step.own.user_id, []).extend(setting(tables.Membership, step.own.attributes))
    as_it_was: dict[str, Condition] = {one: tables.Membership.user_id.exists() for one in own}
    for user_id, swept in step.swept.items():
        as_it_was[user_id] &= tables.Membership.mention_seqs == set(swept.before)
    if step.turn is not None:
        user_id, sent_ms = step.turn.user_id, tables.Membership.sent_ms
        own.setdefault(user_id, []).append(sent_ms.set(step.turn.at_ms))
        before_ms = step.turn.before_ms
        as_it_was[user_id] = sent_ms.does_not_exist() if before_ms is None else sent_ms == before_ms
        as_it_was[user_id] &= tables.Membership.user_id.exists()
    if step.own is not None and step.own.before is not None:
        as_it_was[step.own.user_id] &= conversations.own_unmoved(step.own.before)
    created = {added.user_id for added in step.added}
    for user_id, actions in own.items():
        if user_id not in created:
            transaction.update(
                tables.Membership(user_id=user_id, conversation_id=head.conversation_id),
                actions=actions,
                condition=as_it_was[user_id],
            )


def _unmoved(step: Step) -> Condition:
    """Returns the condition under which nothing has happened that the step rests on.

    A message rests on the seq before it, on nobody having archived, and on who has blocked; a change on the change
    before it. Both rest on the newest message where they write what lists show of it, or which call everyone.
    """
    head, after = step.before, step.after
    conditions: list[Condition] = []
    if (after.last_seq, after.last_message, after.has_archived, after.everyone_seqs) != (
        head.last_seq,
        head.last_message,
        head.has_archived,
        head.everyone_seqs,
    ):
        conditions.append(tables.Conversation.last_seq == head.last_seq)
        archived = tables.Conversation.has_archived
        conditions.append(archived.exists() if head.has_archived else archived.does_not_exist())
        blocked = tables.Conversation.blocked_by
        conditions.append(blocked.exists() if head.blocked_by else blocked.does_not_exist())
    if after.last_change_seq != head.last_change_seq:
        conditions.append(tables.Conversation.last_change_seq == head.last_change_seq)
    first, *others = conditions
    for other in others:
        first &= other
    return first


def differences(before: Head, after: Head) -> list[Action]:
    """Returns what makes the row of `before` that of `after`."""
    old, new = conversations.stored_head(before), conversations.stored_head(after)
    return setting(tables.Conversation, {name: value for name, value in new.items() if value != old[name]})


def setting(model: type[tables.Table], attributes: Any) -> list[Action]:
    """Returns the actions that set attributes by name, and remove those that are None."""
    return [
        getattr(model, name).remove() if value is None else getattr(model, name).set(value)
        for name, value in attributes.items()
    ]


def record_key(conversation_id: str, sender_id: str, client_id: str) -> str:
    """Returns the key under which a send's `client_id` is remembered."""
    return f"{conversation_id}#{sender_id}#{client_id}"


def changes_key(conversation_id: str) -> str:
    """Returns the key of a conversation's change log."""
    return f"{conversation_id}#c"


def versions_key(conversation_id: str, seq: int) -> str:
    """Returns the key of what a message said before."""
    return f"{conversation_id}#v{seq}"


def _message_row(step: Step, message: StoredMessage) -> tables.Message:
    head = step.after
    return tables.Message(
        conversation_id=message.conversation_id,
        seq=message.seq,
        sender_id=message.sender_id,
        kind=message.kind,
        created_at_ms=message.created_at_ms,
        client_id=message.client_id,
        fingerprint=step.fingerprint,
        context_type=head.context.type if head.context else None,
        errands=",".join(step.errands) or None,
        system=msgspec.to_builtins(message.system) if message.system else None,
        **_content(message),
    )


def _changed_actions(message: StoredMessage) -> list[Action]:
    return setting(tables.Message, _content(message))


def rewritten_actions(message: StoredMessage) -> list[Action]:
    """Returns what makes a stored message this one, also where its sender is another from now on."""
    who = {
        "sender_id": message.sender_id,
        "client_id": message.client_id,
        "system": msgspec.to_builtins(message.system) if message.system else None,
        "fingerprint": None,  # it is made of ids too
    }
    return setting(tables.Message, _content(message) | who)


def _content(message: StoredMessage) -> dict[str, Any]:
    """Returns the attributes of a message that can change after it was sent."""
    return {
        "text": message.text,
        "edited_at_ms": message.edited_at_ms,
        "deleted_at_ms": message.deleted_at_ms,
        "reply_to_seq": message.reply_to_seq,
        "forwarded_from": msgspec.to_builtins(message.forwarded_from) if message.forwarded_from else None,
        "mentions": list(message.mentions) or None,
        "reactions": msgspec.to_builtins(message.reactions) or None,
        "pinned": message.pinned or None,
        "change_seq": message.change_seq or None,
        "edit_count": message.edit_count or None,
    }


def _version_row(message: StoredMessage, head: Head) -> tables.Message:
    """Returns what a message said until now, as one more of its versions."""
    return tables.Message(
        conversation_id=versions_key(head.conversation_id, message.seq),
        seq=message.edit_count + 1,
        sender_id=message.sender_id,
        text=message.text,
        edited_at_ms=message.edited_at_ms,
        created_at_ms=message.created_at_ms,
    )


def change_row(change: Change, errands: tuple[str, ...] = ()) -> tables.Message:
    """Returns the row of an entry of the change log."""
    return tables.Message(
        conversation_id=changes_key(change.conversation_id),
        seq=change.change_seq,
        change=msgspec.to_builtins(change),
        errands=",".join(one for one in errands if one == "fan_out") or None,
    )
