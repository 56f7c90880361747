"""Conversations that are open on a device: joining, leaving, typing."""

from msgspec import Struct

from parley.actions import access, named, push, sweep, visibility
from parley.actions.live import ticket_viewers
from parley.actions.live.ticket_viewers import TicketViewer
from parley.actions.parallel import in_parallel
from parley.actions.sweep import Run, Sweep
from parley.adapters.conversations import conversations
from parley.adapters.live import connections, typing
from parley.domain.api import ids
from parley.domain.api.request import Request
from parley.domain.api.times import rfc3339
from parley.domain.api.types import NamedUser
from parley.domain.conversations import rights
from parley.domain.conversations.events import (
    UserJoinedConversation,
    UserLeftConversation,
    UserStoppedTyping,
    UserTyping,
)
from parley.domain.conversations.head import Head
from parley.domain.live.typing_status import TYPING_EXPIRES_S, Typist


class TypingMember(Struct, frozen=True, kw_only=True):
    """A member who is typing, until `expires_at` unless an event says more."""

    conversation_id: str
    user_id: str
    expires_at: str


class Joined(Struct, frozen=True, kw_only=True):
    """A conversation as the device finds it on joining: its last seqs, and the users who are typing.

    In a ticket also the other agents who have it open, for agents.
    """

    conversation_id: str
    last_seq: int
    last_change_seq: int
    typing: list[TypingMember]
    viewers: list[TicketViewer]
    users: dict[str, NamedUser]


class Left(Struct, frozen=True):
    """The conversation that the device has closed."""

    conversation_id: str


class StoppedTyping(Struct, frozen=True):
    """The conversation in which the caller has stopped typing."""

    conversation_id: str


class TypingUntil(Struct, frozen=True, kw_only=True):
    """The time until which the others see the caller typing."""

    conversation_id: str
    expires_at: str


def join_conversation(request: Request, conversation_id: str) -> Joined:
    """Opens a conversation on the calling device: from now on it gets `new_message` in full; the others are told.

    In a ticket the agents who have it open are told, too (`ticket_viewers.py`): two round trips more.
    """
    before = access.access_conversation(request, conversation_id)
    since_ms = _note(request, before)
    what = ("joined", request.device_id, conversation_id, since_ms)
    # Read again after joining ("subscribe, then read"), so that nothing is lost between the answer and the first event.
    ((head, typists), hidden), viewers = ticket_viewers.coming_beside(
        request,
        before,
        lambda: visibility.read_beside(
            request.user_id, conversation_id, lambda: _open(request, conversation_id, is_large=before.is_large)
        ),
    )
    joined = UserJoinedConversation(conversation_id=conversation_id, user_id=request.user_id)
    members = set(head.others(request.user_id))  # a former member may have a row for some seconds more
    others = [typist for typist in typists if typist.user_id in members and not _is_ended_by_message(head, typist)]

    def tell() -> None:
        # Not if it was open before, unless the try that opened it may have died before its posts.
        if push.is_news(request, what, since_ms):
            visibility.tell(request, head, hidden, joined)
            ticket_viewers.tell(request, head, viewers, joined)

    seen = ticket_viewers.seen_by(request, head, viewers)
    typing_ids = [typist.user_id for typist in others]
    people = [*typing_ids, *(person.user_id for person in seen)]
    ((_, others), known), cut_off = visibility.cut_off_beside(
        request.user_id,
        hidden,
        typing_ids,
        lambda: named.naming(request, people, lambda: in_parallel(tell, lambda: _still_in(head, others))),
    )
    push.remember(what)
    shown = [typist for typist in others if typist.user_id not in cut_off and not head.blocked_by]
    return _joined(head, shown, ticket_viewers.views(head, seen, known, request.now_s), known)


def _note(request: Request, head: Head) -> int:
    """Notes that the calling device has a conversation open, and returns since when it has, in ms."""
    looks_on = ticket_viewers.is_one(request, head)
    return connections.join(request.user_id, request.device_id, head.conversation_id, request.now_ms, looks_on=looks_on)


def _joined(head: Head, typists: list[Typist], viewers: list[TicketViewer], known: named.Users) -> Joined:
    """Returns the answer, with the people whom it names."""
    people = [*(typist.user_id for typist in typists), *(viewer.user_id for viewer in viewers)]
    return Joined(
        conversation_id=head.conversation_id,
        last_seq=head.last_seq,
        last_change_seq=head.last_change_seq,
        typing=[_typing(typist) for typist in typists],
        viewers=viewers,
        users={user_id: known[user_id] for user_id in people if user_id in known},
    )


def _open(request: Request, conversation_id: str, *, is_large: bool) -> tuple[Head, list[Typist]]:
    """Returns the head of the caller's conversation and the users who type there; one round trip.

    In a large group it returns no users: no event tells of typing there, so no event would end it on the client.
    """
    if is_large:
        return access.access_conversation(request, conversation_id), []
    return in_parallel(
        lambda: access.access_conversation(request, conversation_id),
        lambda: typing.in_conversation(conversation_id, request.now_ms),
    )


def _still_in(head: Head, typists: list[Typist]) -> list[Typist]:
    """Returns those who type since they are in the group, not those who were removed and added again meanwhile.

    One round trip if a user types in a group, none otherwise.
    """
    if not typists or not head.is_group:
        return typists
    sides = conversations.memberships((typist.user_id, head.conversation_id) for typist in typists)
    since = {user_id: side.since_seq for (user_id, _), side in sides.items()}
    return [typist for typist in typists if typist.user_id in since and not typist.is_before(since[typist.user_id])]


def leave_conversation(request: Request, conversation_id: str) -> Left:
    """Closes a conversation on the calling device and tells the others, if it was open."""
    head, hidden = _access(request, conversation_id)
    # Told before it is written: if a try dies in between, the next one finds the conversation open and tells.
    (devices, told), viewers = ticket_viewers.beside(
        request,
        conversation_id,
        lambda: visibility.beside(request, head, hidden, lambda: _with_open(request, conversation_id)),
    )
    if request.device_id in devices:
        left = UserLeftConversation(conversation_id=conversation_id, user_id=request.user_id)
        told.tell(request, left)
        ticket_viewers.tell(request, head, viewers, left)
        if ticket_viewers.is_one(request, head) and len(devices) == 1:
            ticket_viewers.forget(request.user_id, [conversation_id])
        connections.leave(request.user_id, request.device_id, conversation_id)
    return Left(conversation_id)


def _with_open(request: Request, conversation_id: str) -> frozenset[str]:
    """Returns the ids of the caller's connections that have a conversation open; one round trip."""
    return connections.of([request.user_id])[request.user_id].devices_in(conversation_id)


def typing_start(request: Request, conversation_id: str) -> TypingUntil:
    """Tells the members that the caller is typing, for `TYPING_EXPIRES_S`; two round trips and the posts.

    A repetition within `FRESH_MS` writes and tells nothing, unless a message of the caller has ended the typing
    meanwhile, or the first try may have died before its posts.
    """
    (head, hidden), before = _with_own_typing(request, conversation_id)
    rights.require(head, request.user_id, "typing")
    is_fresh = before is not None and before.is_fresh(request.now_ms) and not _is_ended_by_message(head, before)
    new = Typist(conversation_id, request.user_id, _typing_expires_ms(request), head.last_seq)
    typist = before if before and is_fresh else new
    if not is_fresh or push.is_news(request, typist, typist.started_ms):
        # A device that connected a moment ago learns of it from `join_conversation`, or by the next repetition.
        (_, told), viewers = ticket_viewers.beside(
            request,
            conversation_id,
            lambda: visibility.beside(
                request, head, hidden, lambda: None if is_fresh else typing.save(typist), stale=True
            ),
        )
        told.tell(request, _event(typist))
        ticket_viewers.tell(request, head, viewers, _event(typist))
        push.remember(typist)
    return TypingUntil(conversation_id=conversation_id, expires_at=rfc3339(typist.expires_at_ms))


def typing_stop(request: Request, conversation_id: str) -> StoppedTyping:
    """Tells the members that the caller has stopped typing; two round trips and the posts.

    It tells nothing if they were not typing, or if their typing has expired: the others have hidden it by then. The row
    stays until it expires, because an earlier try may have stopped it and died before its posts.
    """
    (head, hidden), typist = _with_own_typing(request, conversation_id)
    if typist is None or typist.expires_at_ms <= request.now_ms:
        return StoppedTyping(conversation_id)
    what = ("stopped", typist.conversation_id, typist.user_id, typist.expires_at_ms)
    if not typist.is_stopped or push.is_news(request, what, typist.started_ms):
        # A device that is not told hides the typing when it expires.
        (_, told), viewers = ticket_viewers.beside(
            request,
            conversation_id,
            lambda: visibility.beside(
                request, head, hidden, lambda: None if typist.is_stopped else typing.stop(typist), stale=True
            ),
        )
        stopped = UserStoppedTyping(conversation_id=conversation_id, user_id=request.user_id)
        told.tell(request, stopped)
        ticket_viewers.tell(request, head, viewers, stopped)
        push.remember(what)
    return StoppedTyping(conversation_id)


def _with_own_typing(request: Request, conversation_id: str) -> tuple[tuple[Head, visibility.Hidden], Typist | None]:
    """Returns the result of `_access`, and the caller's typing there, expired or not; one round trip.

    Not the typing from before they were removed from the group and added again: the others have hidden it. Raises
    NotFound for a device that was forgotten as dead; one round trip more for such a device.
    """
    ((head, since_seq), hidden), (typist, is_known) = in_parallel(
        lambda: visibility.read_beside(
            request.user_id, conversation_id, lambda: _head_and_since_seq(request, conversation_id)
        ),
        lambda: typing.of_device(conversation_id, request.user_id, request.device_id),
    )
    if not is_known:  # read a moment old, so a device that has just connected may be missing
        person = connections.of([request.user_id])[request.user_id]
        if all(device.connection_id != request.device_id for device in person.connections):
            raise connections.unknown_connection()
    return (head, hidden), None if typist is not None and typist.is_before(since_seq) else typist


def _head_and_since_seq(request: Request, conversation_id: str) -> tuple[Head, int | None]:
    """Returns the head of the caller's conversation, and the seq at which they came into it; None if it is no group."""
    if not ids.is_group_id(conversation_id):
        return access.access_conversation(request, conversation_id), None
    head, mine = access.access_membership(request, conversation_id)
    return head, mine.since_seq


def _typing_expires_ms(request: Request) -> int:
    return request.now_ms + TYPING_EXPIRES_S * 1000


def _access(request: Request, conversation_id: str) -> tuple[Head, visibility.Hidden]:
    """Returns the head of the caller's conversation, and the users from whom the caller is hidden; one round trip."""
    return visibility.read_beside(
        request.user_id, conversation_id, lambda: access.access_conversation(request, conversation_id)
    )


def _sweep_typist(
    request: Request, run: Run, key: tuple[str, ...], read: tuple[Head | None, Typist | None] | None
) -> int:
    """Deletes an expired typing row, and tells the members; returns how many.

    It tells nothing if a message has ended the typing: clients hide typing at its author's next message.
    """
    conversation_id, user_id = key
    (head, typist), hidden = visibility.read_beside(
        user_id, conversation_id, lambda: read or typing.heads_and_typists([key])[key]
    )
    if typist is None or typist.is_stopped or typist.expires_at_ms > request.now_ms:
        return 0  # stopped, or renewed: a later run looks again
    if head is not None and not _is_ended_by_message(head, typist):
        # Told before the row goes: if a sweep dies in between, the next one finds the row and tells.
        event = UserStoppedTyping(conversation_id=conversation_id, user_id=user_id)
        visibility.tell(request, head, hidden, event, user_id=user_id)
    return int(typing.remove_stale(typist))


def _is_ended_by_message(head: Head, typist: Typist) -> bool:
    """Says whether the typist has sent a message since the typing began or was renewed.

    In a group the head knows this only until another member writes.
    """
    return typist.is_ended_by(head.newest_seq_of(typist.user_id))


SWEEP = Sweep(
    kind="typing",
    names=("conversation_id", "user_id"),
    due=lambda request: typing.due(request.now_ms),
    read=typing.heads_and_typists,
    sweep_one=_sweep_typist,
    put_off=lambda request, key: typing.put_off(key[0], key[1], request.now_ms),
)


def clear_stale_typing(request: Request, run: Run) -> int:
    """Deletes the expired typing rows; returns how many."""
    return sweep.sweep_due(request, run, SWEEP)


def _typing(typist: Typist) -> TypingMember:
    return TypingMember(
        conversation_id=typist.conversation_id, user_id=typist.user_id, expires_at=rfc3339(typist.expires_at_ms)
    )


def _event(typist: Typist) -> UserTyping:
    return UserTyping(
        conversation_id=typist.conversation_id, user_id=typist.user_id, expires_at=rfc3339(typist.expires_at_ms)
    )
