"""Telling people: one read of their devices, one post to each, and never a failure for the one who caused it."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from parley.adapters import connections, queues, sockets
from parley.adapters.sockets import Outcome
from parley.domain.call import Call
from parley.domain.events import Event
from parley.domain.posts import NotYet, Post
from parley.domain.presence import Connection, Presence

FrameFor = Callable[[str, Connection], bytes | None]  # of a person's id and one of their devices; None: no post

MAX_REMEMBERED = 4096

Written = TypeVar("Written")

_beside = ThreadPoolExecutor(max_workers=16, thread_name_prefix="beside")
_told: OrderedDict[Hashable, None] = OrderedDict()


def was_told(what: Hashable) -> bool:
    """Says whether this very process has told everybody of something.

    A retry tells the others again, because the first try may have died between its write and its posts. Where the first
    try is known to have got through, nobody is told twice. Elsewhere one may be: clients drop what they have, by seq.
    """
    return what in _told


def remember(what: Hashable) -> None:
    """Notes that everybody has been told of something."""
    _told[what] = None
    if len(_told) > MAX_REMEMBERED:
        _told.popitem(last=False)


def forget_told() -> None:
    """Forgets what this process has told: what is left of the memory of one that died."""
    _told.clear()


def beside(write: Callable[[], Written], user_ids: Iterable[str]) -> tuple[Written, list[Presence]]:
    """Does a write and reads people's devices at the same time; returns what the write gave, and the devices.

    For what a fresh read shows anyway. What must not be missed (a message) reads the devices after the write.
    """
    wanted = list(user_ids)
    devices = _beside.submit(lambda: list(connections.of(wanted).values()))
    written = write()
    return written, devices.result()


def tell(call: Call, user_ids: Iterable[str], event: Event) -> None:
    """Posts an event to every live device of these people, the calling device excepted.

    One round trip plus the posts.
    """
    frame = event.frame()
    tell_each(call, user_ids, lambda *_: frame)


def tell_each(call: Call, user_ids: Iterable[str], frame_for: FrameFor) -> None:
    """Posts to every live device of these people, the calling one excepted, the frame that `frame_for` gives for it."""
    wanted = list(user_ids)
    if wanted:
        _post(call, connections.of(wanted).values(), frame_for)


def tell_present(call: Call, people: Iterable[Presence], event: Event) -> None:
    """Posts an event to the live devices, the calling one excepted, of people whose presence was read already."""
    frame = event.frame()
    tell_present_each(call, people, lambda *_: frame)


def tell_present_each(call: Call, people: Iterable[Presence], frame_for: FrameFor) -> None:
    """Posts to the live devices, the calling one excepted, of people whose presence was read already."""
    _post(call, people, frame_for)


def _post(call: Call, people: Iterable[Presence], frame_for: FrameFor) -> None:
    posts = [
        Post(
            user_id=person.user_id,
            connection_id=device.connection_id,
            since_ms=device.since_ms,
            last_sign_ms=person.last_sign_ms(),
            frame=frame.decode(),
        )
        for person in people
        for device in person.live(call.now_s)
        if device.connection_id != call.connection_id and (frame := frame_for(person.user_id, device)) is not None
    ]
    if later := deliver(posts, call.now_ms):
        queues.retry_later(later)


def deliver(posts: list[Post], now_ms: int) -> list[Post]:
    """Posts each once, forgets the connections that are gone, and returns the posts that should be tried again."""
    outcomes = sockets.post_all([(post.connection_id, post.frame.encode()) for post in posts])
    later = []
    for post, outcome in zip(posts, outcomes, strict=True):
        device = Connection(connection_id=post.connection_id, lease_s=0, token_s=0, since_ms=post.since_ms)
        if outcome is Outcome.LATER or (outcome is Outcome.GONE and device.may_be_connecting(now_ms)):
            later.append(post)
        elif outcome is Outcome.GONE:
            connections.remove(post.user_id, post.connection_id, last_seen_ms=post.last_sign_ms)
    return later


def retry(post: Post, now_ms: int) -> None:
    """Posts what the queue kept; raises NotYet where it should keep it on."""
    if deliver([post], now_ms):
        raise NotYet(post.connection_id)
