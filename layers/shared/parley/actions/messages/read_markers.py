"""Delivered and read markers: they only move forward, and each move keeps its exact time."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from parley.actions import access, named, push, visibility
from parley.actions.conversations import member_pages
from parley.actions.parallel import in_parallel
from parley.adapters.conversations import conversations, messages, plays, receipts
from parley.adapters.conversations.receipts import Kind
from parley.adapters.dynamodb import conditions
from parley.adapters.notifications import jobs
from parley.domain.api.errors import Invalid
from parley.domain.api.request import Request
from parley.domain.api.requests import ListReceipts, MarkUnread
from parley.domain.api.times import rfc3339, rfc3339_or_none
from parley.domain.api.types import NamedUser, Receipt
from parley.domain.conversations import views
from parley.domain.conversations.events import (
    ConversationRead,
    ConversationUpdated,
    LiveEvent,
    MessageDelivered,
    MessageRead,
    Own,
)
from parley.domain.conversations.head import Head, Membership, UnreadFrom
from parley.domain.conversations.message import StoredMessage

MAX_LATER = 100  # messages that came after a time, beyond which the newest one before it is looked for
MAX_ANSWERS = 50  # messages after one, in which a reader's first own message is looked for

EventAt = Callable[[int, int], LiveEvent]  # of the seq and the time of a move, in ms
Place = tuple[Head, Membership, int]  # a conversation, the caller's side of it, and where to put the marker


class Marked(Struct, frozen=True, kw_only=True):
    """The caller's markers after a move; `moved` is False if they were there already.

    `own` is their own part as it is now, if they have ever marked the conversation as unread.
    """

    conversation_id: str
    read_seq: int
    delivered_seq: int
    unread: int
    moved: bool
    own: Own | None


class ReceiptList(Struct, frozen=True, kw_only=True):
    """A page of receipts of a message, by user id, with times; without its sender."""

    receipts: list[Receipt]
    next: str | None
    users: dict[str, NamedUser]


def mark_read(request: Request, message_id: str) -> Marked:
    """Marks a message and all before it as read by the caller, and tells the members; two round trips and the posts.

    One call of a queue more if an app of the caller was told of what they read.
    """

    def event(seq: int, at_ms: int) -> LiveEvent:
        return MessageRead(
            conversation_id=message_id.rpartition(".")[0],
            message_id=message_id,
            seq=seq,
            user_id=request.user_id,
            read_at=rfc3339(at_ms),
        )

    return _mark(request, message_id, lambda: access.access_marker(request, message_id), "read", event)


def mark_delivered(request: Request, message_id: str) -> Marked:
    """Records that a device of the caller has a message and all before it, and tells the members.

    Two round trips and the posts.
    """

    def event(seq: int, at_ms: int) -> LiveEvent:
        return MessageDelivered(
            conversation_id=message_id.rpartition(".")[0],
            message_id=message_id,
            seq=seq,
            user_id=request.user_id,
            delivered_at=rfc3339(at_ms),
        )

    return _mark(request, message_id, lambda: access.access_marker(request, message_id), "delivered", event)


def mark_conversation_read(request: Request, conversation_id: str, until_ms: int | None = None) -> Marked:
    """Marks all messages of a conversation as read by the caller, and tells the members.

    With `until_ms` those that were sent by then: at most `MAX_LATER` newer ones are looked through for them.

    Two round trips and the posts; one more if there are newer ones.
    """

    def event(seq: int, at_ms: int) -> LiveEvent:
        return ConversationRead(
            conversation_id=conversation_id, seq=seq, user_id=request.user_id, read_at=rfc3339(at_ms)
        )

    def found() -> Place:
        head, mine = access.access_membership(request, conversation_id)
        return head, mine, head.last_seq if until_ms is None else _newest_of(head, mine, until_ms)

    return _mark(request, conversation_id, found, "read", event)


def _newest_of(head: Head, mine: Membership, until_ms: int) -> int:
    """Returns the newest message that was sent by a time; the caller's marker as it is if that one is too far back.

    One round trip if messages have come since.
    """
    if head.last_activity_ms <= until_ms:
        return head.last_seq
    later = messages.newest(head.conversation_id, head.settled_seq(mine) + 1, head.last_seq, MAX_LATER)
    return max((one.seq for one in later if one.created_at_ms <= until_ms), default=head.read_seq(mine))


def _mark(request: Request, place_id: str, find: Callable[[], Place], kind: Kind, event: EventAt) -> Marked:
    """Moves one marker and tells those who may know; a marker that is further on already stays, and no event is sent.

    A read takes the mark "unread" off, also if it moves no marker: then one round trip and the posts of it.

    Two round trips; two more for each race lost to another device of the caller. So the answer holds the markers as
    they are, not as they were when first read.
    """
    wanted: int | None = None
    for _ in conditions.tries():
        (head, mine, newest), hidden = visibility.read_beside(request.user_id, place_id, find)
        wanted = newest if wanted is None else wanted
        stands = head.read_seq(mine) if kind == "read" else head.delivered_seq(mine)
        if wanted <= stands:
            if wanted == stands:
                _tell_again(request, head, hidden, kind, wanted, event)
            stayed = mine if kind == "delivered" else _without_unread_mark(request, head, mine)
            if stayed is None:
                continue
            return _marked(head, stayed, moved=False)
        if _move(request, head, mine, hidden, kind, wanted, event):
            return _marked(head, _moved(mine, kind, wanted), moved=True)
    raise conditions.busy()


def _move(
    request: Request, head: Head, mine: Membership, hidden: visibility.Hidden, kind: Kind, seq: int, event: EventAt
) -> bool:
    """Writes a move and tells of it; returns False, and does neither, if the markers changed after the read."""
    move = receipts.Move(
        before=mine,
        kind=kind,
        seq=seq,
        at_ms=request.now_ms,
        mentions=frozenset(mention_seq for mention_seq in mine.mention_seqs if mention_seq <= seq),
        frozen=views.frozen_markers(head, mine),
    )
    written, told = visibility.beside(request, head, hidden, lambda: receipts.write(move))
    if written:
        told.tell(request, event(seq, request.now_ms))
        push.remember((head.conversation_id, request.user_id, kind, seq))
        if kind == "read" and head.takes_notices_away(mine, seq):
            jobs.close_later(request.user_id, head.conversation_id)
    return written


def mark_unread(request: Request, conversation_id: str, wanted: MarkUnread) -> Marked:
    """Marks a conversation as unread for the caller from a message on, until they read, and tells their other devices.

    Nobody else learns of it: the markers, and so the receipts, stay where they are.

    Two round trips and the posts; two more for each race lost to another device of the caller.
    """
    for _ in conditions.tries():
        head, mine = access.access_membership(request, conversation_id)
        if wanted.seq > head.last_seq:
            detail = f"The conversation ends with the message {head.last_seq}."
            raise Invalid.field(f"{request.field_prefix}/seq", "too_large", detail, head.last_seq)
        if wanted.seq < head.first_seq:
            detail = f"The message {head.first_seq} is the first one that you see."
            raise Invalid.field(f"{request.field_prefix}/seq", "too_small", detail, head.first_seq)
        if wanted.seq == head.unread_from_seq(mine):
            _tell_own_again(request, head, mine)
            return _marked(head, mine, moved=False)
        marked = _set_unread_from(request, head, mine, wanted.seq)
        if marked is not None:
            return _marked(head, marked, moved=False)
    raise conditions.busy()


def _without_unread_mark(request: Request, head: Head, mine: Membership) -> Membership | None:
    """Takes the caller's mark "unread" off; no round trip if there is none.

    Returns None, and does nothing, if another device was faster.
    """
    if head.unread_from_seq(mine) is not None:
        return _set_unread_from(request, head, mine, None)
    if mine.unread_from is not None and mine.unread_from.seq is None:
        _tell_own_again(request, head, mine)
    return mine


def _set_unread_from(request: Request, head: Head, mine: Membership, seq: int | None) -> Membership | None:
    """Writes a mark and tells the caller's other devices; returns None, and does neither, if one of them was faster.

    One round trip and the posts.
    """
    mark = UnreadFrom(seq=seq, read_seq=head.read_seq(mine), at_ms=request.now_ms)
    after = replace(mine, unread_from=mark, own_seq=mine.own_seq + 1)
    written, devices = push.beside(lambda: conversations.save_unread_from(mine, after), [request.user_id])
    if not written:
        return None
    push.tell_present_each(request, devices, push.frames_of(_of_own(request, head, after)), head.conversation_id)
    push.remember(_own_change(after))
    return after


def _tell_own_again(request: Request, head: Head, mine: Membership) -> None:
    """Tells of a mark that an earlier try wrote, which may have died before its posts."""
    mark = mine.unread_from
    if mark is not None and push.is_news(request, _own_change(mine), mark.at_ms):
        push.tell(request, [request.user_id], _of_own(request, head, mine))
        push.remember(_own_change(mine))


def _own_change(mine: Membership) -> tuple[str, str, str, int]:
    return mine.conversation_id, mine.user_id, "own", mine.own_seq


def _of_own(request: Request, head: Head, mine: Membership) -> ConversationUpdated:
    own = Own.of(head, mine)
    event = ConversationUpdated(conversation_id=head.conversation_id, user_id=request.user_id, own=own)
    return named.told_by_caller(request, event)


def _moved(mine: Membership, kind: Kind, seq: int) -> Membership:
    return replace(mine, read_seq=seq) if kind == "read" else replace(mine, delivered_seq=seq)


def _marked(head: Head, mine: Membership, *, moved: bool) -> Marked:
    return Marked(
        conversation_id=head.conversation_id,
        read_seq=head.read_seq(mine),
        delivered_seq=head.delivered_seq(mine),
        unread=head.unread(mine),
        moved=moved,
        own=None if mine.unread_from is None else Own.of(head, mine),
    )


def _tell_again(request: Request, head: Head, hidden: visibility.Hidden, kind: Kind, seq: int, event: EventAt) -> None:
    """Tells of a move that an earlier try made, with the time of that try.

    It may have died before its posts.
    """
    what = (head.conversation_id, request.user_id, kind, seq)
    if push.was_told(what):
        return
    times = receipts.first_at_or_after(head.conversation_id, [(request.user_id, kind)], seq)
    for at_ms in times.values():  # none if the caller's own message moved the marker there
        if push.is_news(request, what, at_ms):
            visibility.tell(request, head, hidden, event(seq, at_ms))
    push.remember(what)


def list_receipts(request: Request, message_id: str, query: ListReceipts) -> ReceiptList:
    """Returns when members received and read a message: a page of them, by id.

    Without its sender, and without members who joined later: their markers concern later messages.

    Three round trips; the last one queries the times of those whose markers have passed it. One more for the members of
    a large group, and one or two if a reader has written since.
    """
    (head, message), hidden = visibility.read_beside(
        request.user_id, message_id, lambda: access.access_message(request, message_id)
    )
    shown, behind = member_pages.read_members(head, query)
    others = [user_id for user_id in shown if user_id != message.sender_id]
    (sides, people), cut_off = visibility.cut_off_beside(
        request.user_id,
        hidden,
        others,
        lambda: conversations.memberships_and_users((user_id, head.conversation_id) for user_id in others),
    )
    there = [member for member in sides.values() if head.was_there(member, message)]
    seen = [views.view_membership(head, member, request.user_id) for member in there if member.user_id not in cut_off]
    times, played = _times(request, head, message, seen)
    answered = _answered(head, [member.user_id for member in seen], message.seq)
    return ReceiptList(
        receipts=[
            _receipt(
                user_id,
                times.get((user_id, "delivered")),
                _first(times.get((user_id, "read")), answered.get(user_id)),
                played.get(user_id),
            )
            for user_id in (member.user_id for member in there)
        ],
        next=behind,
        users=named.users(request, (member.user_id for member in there), named.Known(others, people)),
    )


def _times(
    request: Request, head: Head, message: StoredMessage, seen: Sequence[Membership]
) -> tuple[dict[tuple[str, Kind], int], dict[str, int]]:
    """Returns when these members' markers came to a message, and when they played it; one round trip."""

    def moves() -> dict[tuple[str, Kind], int]:
        return receipts.first_at_or_after(head.conversation_id, _passed(seen, message.seq), message.seq)

    if message.kind != "voice":
        return moves(), {}
    people = [member.user_id for member in seen]
    times, found = in_parallel(moves, lambda: plays.some(head.conversation_id, people, message.seq))
    shown = {user_id: play.at_ms for user_id, play in found.items() if user_id == request.user_id or head.shows(play)}
    return times, shown


def _passed(sides: Iterable[Membership], seq: int) -> Iterator[tuple[str, Kind]]:
    """Yields the markers that have reached `seq`: the others have no time."""
    for mine in sides:
        if mine.delivered_seq >= seq:
            yield mine.user_id, "delivered"
        if mine.read_seq >= seq:
            yield mine.user_id, "read"


def _answered(head: Head, readers: Iterable[str], seq: int) -> dict[str, int]:
    """Returns the time, in ms, of each reader's first message after `seq`: a user who writes has read.

    If it is not among the `MAX_ANSWERS` next messages, the time of their newest one: by then they had read.
    """
    newest = {user_id: head.sent_seqs[user_id] for user_id in readers if head.sent_seqs.get(user_id, 0) > seq}
    if not newest:
        return {}
    answers = messages.between(head.conversation_id, seq + 1, min(seq + MAX_ANSWERS, max(newest.values())))
    found = {message.sender_id: message.created_at_ms for message in reversed(answers)}
    far = (messages.get_message(head.conversation_id, at) for user_id, at in newest.items() if user_id not in found)
    return {message.sender_id: message.created_at_ms for message in far if message is not None} | found


def _first(*times_ms: int | None) -> int | None:
    return min((time_ms for time_ms in times_ms if time_ms is not None), default=None)


def _receipt(user_id: str, delivered_ms: int | None, read_ms: int | None, played_ms: int | None) -> Receipt:
    # A read message was delivered, even if no device said so.
    first_ms = _first(delivered_ms, read_ms)
    return Receipt(
        user_id=user_id,
        delivered_at=rfc3339_or_none(first_ms),
        read_at=rfc3339_or_none(read_ms),
        played_at=rfc3339_or_none(played_ms),
    )
