"""Telling people: one read of their devices, one post to each; a failed post never fails the operation."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct

from parley.actions import leases, named
from parley.actions.parallel import in_parallel
from parley.adapters.conversations import conversations, messages
from parley.adapters.dynamodb import metering
from parley.adapters.live import connections, queues, sockets
from parley.adapters.live.sockets import Outcome
from parley.domain.api import ids
from parley.domain.api.request import Request
from parley.domain.api.types import Message, NamedUser
from parley.domain.conversations.events import ContentEvent, Event, MessageNotification, NamingEvent, NewMessage
from parley.domain.conversations.named import in_event, with_users
from parley.domain.conversations.steps import Change
from parley.domain.live.posts import NotYet, Post
from parley.domain.live.presence import Connection, Presence

FrameFor = Callable[[str, Connection], bytes | None]  # of a user id and one of their devices; None: no post

MAX_REMEMBERED = 4096
# Clients give up waiting after 30 s, reconnect within 30 s more, and then try again (clients.md). Twice that.
RETELL_MS = 120_000

Written = TypeVar("Written")

_told: OrderedDict[Hashable, None] = OrderedDict()


def is_news(request: Request, what: Hashable, since_ms: int, *, within_ms: int = RETELL_MS) -> bool:
    """Says whether a retry must tell the others of something that was written at `since_ms`.

    The first try may have died between its write and its posts. It need not if this process knows that the posts were
    made, or if the write is old: a retry takes no token, and each process that has not told it would post to everybody.
    A client that was not told in time finds a gap in the seqs, and syncs.
    """
    return not was_told(what) and request.now_ms - since_ms < within_ms


def was_told(what: Hashable) -> bool:
    """Says whether this process has told everybody of something, or knows that it is too old to tell."""
    return what in _told


def untold_change(request: Request, conversation_id: str, change_seq: int) -> Change | None:
    """Returns a change that a retry must tell the others of; one round trip, none if this process has told it."""
    what = (conversation_id, change_seq)
    if not change_seq or was_told(what):
        return None
    found = next(iter(messages.changes(conversation_id, change_seq, change_seq)), None)
    if found is not None and is_news(request, what, found.at_ms):
        return found
    remember(what)
    return None


def remember(what: Hashable) -> None:
    """Remembers that everybody has been told of something."""
    _told[what] = None
    if len(_told) > MAX_REMEMBERED:
        _told.popitem(last=False)


def forget_told() -> None:
    """Clears the in-process memory; tests use it to simulate a new process."""
    _told.clear()


def beside(
    write: Callable[[], Written], user_ids: Iterable[str], *, stale: bool = False
) -> tuple[Written, list[Presence]]:
    """Does a write, or another read, and reads people's devices at the same time.

    Returns the result of the write, and the devices; with `stale` they may be a moment old (`connections.of`).

    Use it for events that a fresh read shows anyway. For an event that no device may miss (a message), read the devices
    after the write.
    """
    wanted = list(user_ids)
    return in_parallel(write, lambda: list(connections.of(wanted, stale=stale).values()))


def tell(request: Request, user_ids: Iterable[str], event: ContentEvent) -> None:
    """Posts an event to every live device of these people, the calling device excepted.

    One round trip plus the posts. Events that reveal a user's presence use `visibility.py`.
    """
    frame = event.frame()
    tell_each(request, user_ids, lambda *_: frame, _about(event))


def tell_naming(
    request: Request, user_ids: Iterable[str], event: NamingEvent, conversation_id: str | None = None
) -> named.Users:
    """Posts an event that names people, as `tell_each` does, and returns those of them who are known.

    They are read beside the devices: no round trip more.
    """
    people, users = named.naming(request, in_event(event), lambda: devices_of(user_ids))
    _post(request, people, naming_frames_of(event, users), conversation_id)
    return users


def devices_of(user_ids: Iterable[str]) -> list[Presence]:
    """Returns people's devices; one round trip, none for nobody."""
    wanted = list(dict.fromkeys(user_ids))
    return list(connections.of(wanted).values()) if wanted else []


def tell_once(request: Request, user_ids: Iterable[str], event: ContentEvent) -> None:
    """Posts an event to the devices of people whose devices are closed next; no post is tried again."""
    deliver(posts_to(request.now_s, connections.of(user_ids).values(), frames_of(event)), request.now_ms)


def tell_each(
    request: Request, user_ids: Iterable[str], frame_for: FrameFor, conversation_id: str | None = None
) -> None:
    """Posts the frame that `frame_for` returns to each live device of these people, except the calling one.

    A delayed post goes only to people who are then still in the conversation `conversation_id`.
    """
    wanted = list(user_ids)
    if wanted:
        _post(request, connections.of(wanted).values(), frame_for, conversation_id)


def _is_desks(conversation_id: str | None) -> bool:
    return conversation_id is not None and ids.is_desks_id(conversation_id)


class Told(Struct, frozen=True):
    """The frames for some people's devices; a delayed post goes only to people who are still in the conversation."""

    user_ids: Iterable[str]
    frame_for: FrameFor
    conversation_id: str | None

    def without(self, user_ids: Iterable[str]) -> "Told":
        """Returns the same for all but some people."""
        gone = set(user_ids)
        return msgspec.structs.replace(self, user_ids=[user_id for user_id in self.user_ids if user_id not in gone])


def tell_all(request: Request, told: Sequence[Told], known: Iterable[Presence], *, may_hear: bool = False) -> None:
    """Posts several things to people's live devices, except the calling one; `known` holds all their devices.

    With `may_hear` all of them may be told of a ticket (`ticket_viewers.around`); else that is asked here.
    """
    desks_id = None if may_hear else next(filter(_is_desks, (each.conversation_id for each in told)), None)
    people = {person.user_id: person for person in _still_told(request, known, desks_id)}
    posts = [
        post
        for each in told
        for post in posts_to(
            request.now_s,
            [people[user_id] for user_id in dict.fromkeys(each.user_ids) if user_id in people],
            each.frame_for,
            each.conversation_id,
            besides=request.connection_id,
        )
    ]
    leases.renew_beside(request, people.values(), lambda: _deliver(posts, request.now_ms))


def tell_present_each(
    request: Request,
    people: Iterable[Presence],
    frame_for: FrameFor,
    conversation_id: str | None = None,
    *,
    may_hear: bool = False,
) -> None:
    """Posts as `tell_each` does, to people whose presence was read already; `may_hear` as in `tell_all`."""
    _post(request, people, frame_for, conversation_id, may_hear=may_hear)


def _still_told(request: Request, people: Iterable[Presence], conversation_id: str | None) -> list[Presence]:
    """Returns those who may hear of a conversation: not the former agents of a ticket or its notes.

    One round trip if it is one of these, and if another person is there.
    """
    known = list(people)
    if conversation_id is None or not ids.is_desks_id(conversation_id):
        return known
    others = [person.user_id for person in known if person.user_id != request.user_id and person.live(request.now_s)]
    if not others:
        return known
    from parley.actions import ticket_audience  # most posts are about no ticket

    told = {request.user_id, *ticket_audience.of(conversation_id, others)}
    return [person for person in known if person.user_id in told]


def _about(event: Event) -> str | None:
    """Returns the conversation of an event; None also for an event that tells a user of their removal."""
    return None if event.name == "member_removed" else getattr(event, "conversation_id", None)


def answer(request: Request, frame: str) -> None:
    """Posts the reply to the calling device, if the frame's route returns none."""
    post = Post(
        user_id=request.user_id,
        connection_id=request.device_id,
        since_ms=request.connected_at_ms,
        last_sign_ms=request.now_ms,
        frame=frame,
    )
    if later := deliver([post], request.now_ms):
        queues.retry_later(later)


def new_message(message: Message, users: Mapping[str, NamedUser], blockers: Collection[str] = ()) -> FrameFor:
    """Returns the frames of a new message: in full for devices that have joined the conversation, else a notification.

    They are marked for people who have blocked its sender.
    """
    conversation_id = message.conversation_id
    full, brief = _new_message(message, users)
    marked = _new_message(msgspec.structs.replace(message, blocked=True), users) if blockers else (full, brief)

    def frame(user_id: str, device: Connection) -> bytes:
        whole, cut_off = marked if user_id in blockers else (full, brief)
        return whole if conversation_id in device.joined else cut_off

    return frame


def _new_message(message: Message, users: Mapping[str, NamedUser]) -> tuple[bytes, bytes]:
    whole = NewMessage(conversation_id=message.conversation_id, message=message)
    brief = MessageNotification.of(message)
    return with_users(whole, users).frame(), with_users(brief, users).frame()


def frames_of(event: ContentEvent) -> FrameFor:
    """Returns the frame of an event, the same for all recipients."""
    frame = event.frame()
    return lambda *_: frame


def naming_frames_of(event: NamingEvent, users: Mapping[str, NamedUser]) -> FrameFor:
    """Returns the frame of an event that names people, the same for all recipients."""
    return frames_of(with_users(event, users))


def _post(
    request: Request,
    people: Iterable[Presence],
    frame_for: FrameFor,
    conversation_id: str | None,
    *,
    may_hear: bool = False,
) -> None:
    known = list(people) if may_hear else _still_told(request, people, conversation_id)
    posts = posts_to(request.now_s, known, frame_for, conversation_id, besides=request.connection_id)
    leases.renew_beside(request, known, lambda: _deliver(posts, request.now_ms))


def _deliver(posts: list[Post], now_ms: int) -> None:
    if posts:
        metering.note_telling()
    if later := deliver(posts, now_ms):
        queues.retry_later(later)


def posts_to(
    now_s: int,
    people: Iterable[Presence],
    frame_for: FrameFor,
    conversation_id: str | None = None,
    besides: str | None = None,
) -> list[Post]:
    """Returns a post to every live device of these people, except one device."""
    return [
        Post(
            user_id=person.user_id,
            connection_id=device.connection_id,
            since_ms=device.since_ms,
            last_sign_ms=person.last_sign_ms(),
            frame=frame.decode(),
            conversation_id=conversation_id,
        )
        for person in people
        for device in person.live(now_s)
        if device.connection_id != besides and (frame := frame_for(person.user_id, device)) is not None
    ]


def deliver(posts: list[Post], now_ms: int) -> list[Post]:
    """Posts each once, deletes the connections that are gone, and returns the posts that should be tried again."""
    outcomes = sockets.post_all([(post.connection_id, post.frame.encode()) for post in posts])
    later = []
    for post, outcome in zip(posts, outcomes, strict=True):
        device = Connection(connection_id=post.connection_id, lease_s=0, token_s=0, since_ms=post.since_ms)
        if outcome is Outcome.LATER or (outcome is Outcome.GONE and device.may_be_connecting(now_ms)):
            later.append(post)
        elif outcome is Outcome.GONE:
            connections.remove(post.user_id, post.connection_id, last_seen_ms=post.last_sign_ms)
    return later


def retry_posts(post: Post, now_ms: int) -> None:
    """Makes a queued post; raises NotYet if the queue should keep it.

    A user who has left the group since, or was removed, gets no post.
    """
    if post.conversation_id is not None and ids.has_members(post.conversation_id):
        key = (post.user_id, post.conversation_id)
        if key not in conversations.memberships([key]):
            return
        if ids.is_desks_id(post.conversation_id) and not _is_told(post.conversation_id, post.user_id):
            return
    if deliver([post], now_ms):
        raise NotYet(post.connection_id)


def _is_told(conversation_id: str, user_id: str) -> bool:
    from parley.actions import ticket_audience  # most posts are about no ticket

    return user_id in ticket_audience.of(conversation_id, [user_id])
