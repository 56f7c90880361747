"""Messages: the batch that a send reads, the one transaction that it writes, history by seq."""

from collections.abc import Iterable, Iterator

import msgspec
from pynamodb.exceptions import TransactWriteError
from pynamodb.transactions import TransactWrite

from parley.adapters import aws, batches, conversations, tables, writes
from parley.domain.sending import Earlier, Sending
from parley.domain.stored import Head, StoredMessage
from parley.domain.times import hour


class LostRace(Exception):
    """Somebody else's message took the seq, or the same send got there first: read again, then decide again."""


def before_sending(
    conversation_id: str, sender_id: str, client_id: str | None, now_s: int
) -> tuple[Head | None, Earlier | None]:
    """Returns the head, and what an earlier send with this `client_id` wrote within 24 hours.

    One round trip, 2 units.
    """
    wanted: dict[type[tables.Table], list[batches.Key]] = {tables.Conversation: [(conversation_id,)]}
    record = (_record_key(conversation_id, sender_id, client_id), 0) if client_id else None
    if record:
        wanted[tables.Message] = [record]
    rows = batches.read(wanted)
    earlier = rows.get(tables.Message, *record) if record else None
    # DynamoDB deletes expired items up to days late (facts: TTL), so their time is checked here too.
    if earlier is None or int(earlier.expires_at_s or 0) <= now_s:
        return conversations.head_of(rows, conversation_id), None
    return conversations.head_of(rows, conversation_id), Earlier(
        seq=int(earlier.sent_seq or 0), fingerprint=earlier.fingerprint or ""
    )


def append(sending: Sending, now_s: int) -> None:
    """Writes head, message and the record of its `client_id`, all or nothing.

    Raises LostRace where the head has moved on.

    One round trip: 6 write units for items under 1 KB (a transaction counts twice), and 4 more for each member's
    index entry in the first send of an hour.
    """
    message, head = sending.message, sending.head
    try:
        with TransactWrite(connection=aws.dynamodb) as transaction:
            row = tables.Conversation(conversation_id=head.conversation_id)
            transaction.update(
                row,
                actions=[
                    tables.Conversation.last_seq.set(message.seq),
                    tables.Conversation.last_message.set(msgspec.to_builtins(message.preview())),
                    tables.Conversation.sent_seqs.set({**head.sent_seqs, message.sender_id: message.seq}),
                    tables.Conversation.last_activity_ms.set(message.created_at_ms),
                    tables.Conversation.active_hour.set(hour(message.created_at_ms)),
                ],
                condition=tables.Conversation.last_seq == head.last_seq,
            )
            transaction.save(_row(sending), condition=tables.Message.conversation_id.does_not_exist())
            if message.client_id:
                transaction.save(
                    _record(sending),
                    condition=tables.Message.conversation_id.does_not_exist() | (tables.Message.expires_at_s <= now_s),
                )
            if sending.moves_index:
                for user_id in head.participants:
                    transaction.update(
                        tables.Membership(user_id=user_id, conversation_id=head.conversation_id),
                        actions=[tables.Membership.active_hour.set(hour(message.created_at_ms))],
                        condition=tables.Membership.user_id.exists(),
                    )
    except TransactWriteError as error:
        if writes.lost_race(error):
            raise LostRace from error
        raise


def get(conversation_id: str, seq: int) -> StoredMessage | None:
    """Returns one message, or None; one round trip."""
    rows = batches.read({tables.Message: [(conversation_id, seq)]})
    return _found(rows, conversation_id, seq)


def head_and_message(conversation_id: str, seq: int) -> tuple[Head | None, StoredMessage | None]:
    """Returns a conversation's head and one of its messages; one round trip."""
    rows = batches.read({tables.Conversation: [(conversation_id,)], tables.Message: [(conversation_id, seq)]})
    return conversations.head_of(rows, conversation_id), _found(rows, conversation_id, seq)


def between(conversation_id: str, first_seq: int, last_seq: int) -> list[StoredMessage]:
    """Returns the messages from `first_seq` to `last_seq`, both included, ascending; one round trip per 1 MB.

    Seqs have no gaps, so a page of history is a range of seqs that is known before anything is read.
    """
    if first_seq > last_seq:
        return []
    return list(_between(conversation_id, first_seq, last_seq))


def each(conversation_id: str, first_seq: int, last_seq: int) -> Iterator[StoredMessage]:
    """Yields the messages from `first_seq` to `last_seq`, ascending; a round trip for each 1 MB, when it is needed."""
    return _between(conversation_id, first_seq, last_seq) if first_seq <= last_seq else iter(())


def some(conversation_id: str, seqs: Iterable[int]) -> dict[int, StoredMessage]:
    """Returns the messages of these seqs that there are, by seq; one round trip per 100."""
    wanted = list(seqs)
    rows = batches.read({tables.Message: [(conversation_id, seq) for seq in wanted]})
    return {seq: message for seq in wanted if (message := _found(rows, conversation_id, seq)) is not None}


def _between(conversation_id: str, first_seq: int, last_seq: int) -> Iterator[StoredMessage]:
    found = tables.Message.query(conversation_id, tables.Message.seq.between(first_seq, last_seq), consistent_read=True)
    return (_message(row) for row in found)


def _found(rows: batches.Rows, conversation_id: str, seq: int) -> StoredMessage | None:
    row = rows.get(tables.Message, conversation_id, seq)
    return None if row is None else _message(row)


def _record_key(conversation_id: str, sender_id: str, client_id: str) -> str:
    # No user id and no client id holds a `#`, so a record is never taken for a conversation, nor for another's.
    return f"{conversation_id}#{sender_id}#{client_id}"


def _record(sending: Sending) -> tables.Message:
    message = sending.message
    return tables.Message(
        conversation_id=_record_key(message.conversation_id, message.sender_id, message.client_id or ""),
        seq=0,
        sent_seq=message.seq,
        fingerprint=sending.fingerprint,
        expires_at_s=sending.expires_at_s,
    )


def _row(sending: Sending) -> tables.Message:
    message = sending.message
    return tables.Message(
        conversation_id=message.conversation_id,
        seq=message.seq,
        sender_id=message.sender_id,
        kind=message.kind,
        text=message.text,
        created_at_ms=message.created_at_ms,
        client_id=message.client_id,
        context_type=sending.head.context.type if sending.head.context else None,
    )


def _message(row: tables.Message) -> StoredMessage:
    fields = ("conversation_id", "seq", "sender_id", "kind", "text", "created_at_ms", "client_id")
    return msgspec.convert(
        {name: getattr(row, name) for name in (*fields, "edited_at_ms", "deleted_at_ms")}, type=StoredMessage
    )
