"""How far people have received and read: markers that only move forward, with the exact time of each move."""

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from parley.actions import access, members, push
from parley.adapters import conversations, messages, receipts
from parley.adapters.receipts import Kind
from parley.domain.call import Call
from parley.domain.events import ConversationRead, Event, MessageDelivered, MessageRead
from parley.domain.requests import ListReceipts
from parley.domain.stored import Head, Membership
from parley.domain.times import rfc3339, rfc3339_or_none
from parley.domain.types import Receipt

MAX_ANSWERS = 50  # messages behind one, among which the first that a reader wrote is looked for

EventAt = Callable[[int], Event]  # of the time of the move, in ms


class Marked(Struct, frozen=True, kw_only=True):
    """Where the caller's markers stand after a move; `moved` is False where they stood there already."""

    conversation_id: str
    read_seq: int
    delivered_seq: int
    unread: int
    moved: bool


class ReceiptList(Struct, frozen=True, kw_only=True):
    """A page of who has received and read a message, and when, by id; its sender is left out."""

    receipts: list[Receipt]
    next: str | None


def mark_read(call: Call, message_id: str) -> Marked:
    """Marks a message and all before it as read by the caller, and tells the members; two round trips and the posts."""
    head, mine, seq = access.access_marker(call, message_id)

    def event(at_ms: int) -> Event:
        return MessageRead(
            conversation_id=head.conversation_id,
            message_id=message_id,
            seq=seq,
            user_id=call.user_id,
            read_at=rfc3339(at_ms),
        )

    return _mark(call, head, mine, "read", seq, event)


def mark_delivered(call: Call, message_id: str) -> Marked:
    """Notes that a device of the caller has a message and all before it, and tells the members.

    Two round trips and the posts.
    """
    head, mine, seq = access.access_marker(call, message_id)

    def event(at_ms: int) -> Event:
        return MessageDelivered(
            conversation_id=head.conversation_id,
            message_id=message_id,
            seq=seq,
            user_id=call.user_id,
            delivered_at=rfc3339(at_ms),
        )

    return _mark(call, head, mine, "delivered", seq, event)


def mark_conversation_read(call: Call, conversation_id: str) -> Marked:
    """Marks all messages of a conversation as read by the caller, and tells the members.

    Two round trips and the posts.
    """
    head, mine = access.access_membership(call, conversation_id)

    def event(at_ms: int) -> Event:
        return ConversationRead(
            conversation_id=conversation_id, seq=head.last_seq, user_id=call.user_id, read_at=rfc3339(at_ms)
        )

    return _mark(call, head, mine, "read", head.last_seq, event)


def _mark(call: Call, head: Head, mine: Membership, kind: Kind, seq: int, event: EventAt) -> Marked:
    """Moves one marker and tells the members; a marker that stands further on already stays, and nobody is told."""
    stands = head.read_seq(mine) if kind == "read" else head.delivered_seq(mine)
    moved = False
    if seq > stands:
        moved, people = push.beside(
            lambda: receipts.advance(head.conversation_id, call.user_id, kind, seq, call.now_ms, _named_by(mine, seq)),
            _told(call, head),
        )
        if moved:
            push.tell_present(call, people, event(call.now_ms))
            push.remember((head.conversation_id, call.user_id, kind, seq))
    elif seq == stands:
        _tell_again(call, head, kind, seq, event)
    read_seq = max(head.read_seq(mine), seq) if kind == "read" else head.read_seq(mine)
    return Marked(
        conversation_id=head.conversation_id,
        read_seq=read_seq,
        delivered_seq=max(head.delivered_seq(mine), read_seq, seq),
        unread=head.last_seq - read_seq,
        moved=moved,
    )


def _named_by(mine: Membership, seq: int) -> frozenset[int]:
    """Returns the messages up to `seq` that name the member, which are unread no more."""
    return frozenset(one for one in mine.mention_seqs if one <= seq)


def _tell_again(call: Call, head: Head, kind: Kind, seq: int, event: EventAt) -> None:
    """Tells the members of a move that an earlier try made, with the time of that try.

    It may have died before it told them.
    """
    what = (head.conversation_id, call.user_id, kind, seq)
    if push.was_told(what):
        return
    times = receipts.first_at_or_after(head.conversation_id, [(call.user_id, kind)], seq)
    for at_ms in times.values():  # none where the caller's own message put the marker there
        push.tell(call, _told(call, head), event(at_ms))
    push.remember(what)


def _told(call: Call, head: Head) -> list[str]:
    """Returns who hears of a move: the members as far as the head lists them, and the mover's own other devices."""
    return [*head.participants, call.user_id]


def list_receipts(call: Call, message_id: str, query: ListReceipts) -> ReceiptList:
    """Returns when members received and read a message, the sender left out: a page of them, by id.

    Three round trips, the last of them queries for those whose markers have passed it; one more for the members of a
    large group, and one or two where a reader has written since.
    """
    head, message = access.access_message(call, message_id)
    shown, behind = members.page(head, query)
    sides = conversations.memberships((one, head.conversation_id) for one in shown if one != message.sender_id)
    readers = [user_id for user_id, _ in sides]
    times = receipts.first_at_or_after(head.conversation_id, _passed(sides.values(), message.seq), message.seq)
    answered = _answered(head, readers, message.seq)
    return ReceiptList(
        receipts=[
            _receipt(one, times.get((one, "delivered")), _first(times.get((one, "read")), answered.get(one)))
            for one in readers
        ],
        next=behind,
    )


def _passed(sides: Iterable[Membership], seq: int) -> Iterator[tuple[str, Kind]]:
    """Yields whose markers have come to `seq`: of all others there is no time to be found."""
    for mine in sides:
        if mine.delivered_seq >= seq:
            yield mine.user_id, "delivered"
        if mine.read_seq >= seq:
            yield mine.user_id, "read"


def _answered(head: Head, readers: Iterable[str], seq: int) -> dict[str, int]:
    """Returns when each of those who have written behind a message did so first, in ms: who writes has read.

    By their newest message, where their first is none of the `MAX_ANSWERS` next ones: they had read by then at least.
    """
    newest = {one: head.sent_seqs[one] for one in readers if head.sent_seqs.get(one, 0) > seq}
    if not newest:
        return {}
    answers = messages.between(head.conversation_id, seq + 1, min(seq + MAX_ANSWERS, max(newest.values())))
    found = {message.sender_id: message.created_at_ms for message in reversed(answers)}
    far = (messages.get(head.conversation_id, at) for one, at in newest.items() if one not in found)
    return {message.sender_id: message.created_at_ms for message in far if message is not None} | found


def _first(*times_ms: int | None) -> int | None:
    return min((one for one in times_ms if one is not None), default=None)


def _receipt(user_id: str, delivered_ms: int | None, read_ms: int | None) -> Receipt:
    # What was read was delivered, even where no device said so.
    first_ms = _first(delivered_ms, read_ms)
    return Receipt(user_id=user_id, delivered_at=rfc3339_or_none(first_ms), read_at=rfc3339_or_none(read_ms))
