"""A step's writes to memberships."""

from collections import defaultdict
from functools import reduce
from operator import and_

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from parley.adapters.conversations import head_rows, receipts, words_left_behind
from parley.adapters.dynamodb import tables
from parley.domain.conversations.head import Head
from parley.domain.conversations.message import StoredMessage
from parley.domain.conversations.steps import MemberWrites, OwnChange, Step, Turn

_EXISTS = tables.Membership.user_id.exists()


class _Updates:
    """Updates of memberships, gathered by user id: a transaction may name an item only once."""

    def __init__(self) -> None:
        self.actions: defaultdict[str, list[Action]] = defaultdict(list)
        self.conditions: defaultdict[str, list[Condition]] = defaultdict(list)

    def add(self, user_id: str, *actions: Action, condition: Condition | None = None) -> None:
        """Adds actions on one membership, and a condition on it besides its existence."""
        self.actions[user_id] += actions
        if condition is not None:
            self.conditions[user_id].append(condition)

    def put(self, transaction: TransactWrite, conversation_id: str) -> None:
        """Adds an update of each membership to a transaction."""
        for user_id, actions in self.actions.items():
            row = tables.Membership(user_id=user_id, conversation_id=conversation_id)
            transaction.update(row, actions=actions, condition=reduce(and_, self.conditions[user_id], _EXISTS))


def put_memberships(transaction: TransactWrite, step: Step) -> None:
    """Adds a step's writes to memberships to its transaction."""
    head, members, updates = step.after, step.members, _Updates()
    _put_arrivals(transaction, head, members)
    if step.sent is not None and step.sent.read_by is not None and step.sent.read_by not in members.removed:
        theirs = [message for message in step.messages if message.sender_id == step.sent.message.sender_id]
        _read(transaction, updates, theirs[-1], step.sent.read_by)
    if step.message is not None:
        _mention(updates, step.message.seq, members)
    if not head.has_members:
        _show(updates, head, members)
    if members.own is not None:
        _set_own(updates, members.own)
    if members.turn is not None:
        _take_turn(updates, members.turn)
    updates.put(transaction, head.conversation_id)


def _put_arrivals(transaction: TransactWrite, head: Head, members: MemberWrites) -> None:
    for added in members.added:
        transaction.save(head_rows.membership_row(head, added), condition=tables.Membership.user_id.does_not_exist())
    for user_id in members.removed:
        row = tables.Membership(user_id=user_id, conversation_id=head.conversation_id)
        transaction.delete(row, condition=_EXISTS)
        transaction.save(words_left_behind.row(user_id, head.conversation_id))


def _read(transaction: TransactWrite, updates: _Updates, message: StoredMessage, user_id: str) -> None:
    """Moves the markers of a message's sender in a group."""
    updates.add(
        user_id,
        tables.Membership.read_seq.set(message.seq),
        tables.Membership.delivered_seq.set(message.seq),
        tables.Membership.mention_seqs.remove(),
    )
    transaction.save(receipts.row(message.conversation_id, user_id, "read", message.seq, message.created_at_ms))


def _mention(updates: _Updates, seq: int, members: MemberWrites) -> None:
    """Counts a message as an unread mention of some members, and no longer of others."""
    mentions = tables.Membership.mention_seqs
    for user_id in members.mentioned:
        swept = members.swept.get(user_id)
        if swept is None:
            updates.add(user_id, mentions.add({seq}))
        else:
            updates.add(user_id, mentions.set(set(swept.after)), condition=mentions == set(swept.before))
    for user_id in members.unmentioned:
        updates.add(user_id, mentions.delete({seq}))


def _show(updates: _Updates, head: Head, members: MemberWrites) -> None:
    """Moves a direct conversation in both lists; after the first answer shows each person's presence to the other."""
    for user_id in head.participants:
        if members.moves_index:
            updates.add(user_id, *head_rows.index_actions(user_id, head.active_hour))
        if members.is_answer:
            updates.add(user_id, *head_rows.showing_actions(*head.others(user_id)))


def _set_own(updates: _Updates, own: OwnChange) -> None:
    condition = head_rows.own_unmoved(own.before) if own.before is not None else None
    updates.add(own.user_id, *tables.setting(tables.Membership, own.attributes), condition=condition)


def _take_turn(updates: _Updates, turn: Turn) -> None:
    sent_ms = tables.Membership.sent_ms
    condition = sent_ms.does_not_exist() if turn.before_ms is None else sent_ms == turn.before_ms
    updates.add(turn.user_id, sent_ms.set(turn.at_ms), condition=condition)
