"""Telling others what a person does in a conversation: read, type, open it, close it.

`domain/live/visibility.py` decides who may learn of it. This module reads what that needs, beside the operation's own
reads.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TypeVar

from msgspec import Struct

from parley.actions import named, push
from parley.actions.parallel import in_parallel
from parley.adapters.people import blocks
from parley.domain.api import ids
from parley.domain.api.request import Request
from parley.domain.conversations.events import LiveEvent
from parley.domain.conversations.head import Head
from parley.domain.live import visibility
from parley.domain.live.presence import Presence
from parley.domain.live.visibility import Audience

Hidden = Collection[str] | None  # the users with whom a person has a block; None: too many, so each user is looked up

Read = TypeVar("Read")


class Told(Struct, frozen=True):
    """The people who learn what a person does in a conversation, with their devices."""

    conversation_id: str
    audience: Audience
    people: Sequence[Presence]

    def tell(self, request: Request, event: LiveEvent) -> None:
        """Posts an event to their live devices, the calling one excepted."""
        frames = self.audience.frames(named.told_by_caller(request, event))
        push.tell_present_each(request, self.people, frames, self.conversation_id)


def read_beside(user_id: str, place_id: str, read: Callable[[], Read]) -> tuple[Read, Hidden]:
    """Returns the result of `read`, and the users from whom a person is hidden; no extra round trip, 1 RCU in a group.

    `place_id` is the id of a conversation, or of a message in it. In a direct conversation the head decides.
    """
    if not ids.is_group_id(place_id):
        return read(), ()
    return in_parallel(read, lambda: blocks.few_cut_off(user_id))


def beside(
    request: Request, head: Head, hidden: Hidden, write: Callable[[], Read], *, stale: bool = False
) -> tuple[Read, Told]:
    """Does a write, and reads at the same time the devices of the people who learn what the caller does.

    Returns the result of the write. With `stale` the devices may be a moment old (`connections.of`). One round trip.
    """
    return _beside(request.user_id, head, hidden, write, stale=stale)


def tell(request: Request, head: Head, hidden: Hidden, event: LiveEvent, *, user_id: str | None = None) -> None:
    """Tells the people who may learn it what the caller, or `user_id`, does; one round trip and the posts."""
    _, told = _beside(user_id or request.user_id, head, hidden, lambda: None)
    told.tell(request, event)


def _beside(
    user_id: str, head: Head, hidden: Hidden, write: Callable[[], Read], *, stale: bool = False
) -> tuple[Read, Told]:
    if hidden is not None:
        audience = visibility.of_member(head, user_id, hidden)
        written, people = push.beside(write, audience.people, stale=stale)
        return written, Told(head.conversation_id, audience, people)
    (written, people), found = in_parallel(
        lambda: push.beside(write, visibility.of_member(head, user_id, ()).people, stale=stale),
        lambda: blocks.cut_off_among(user_id, head.others(user_id)),
    )
    return written, Told(head.conversation_id, visibility.of_member(head, user_id, found), people)


def cut_off_beside(
    user_id: str, hidden: Hidden, others: Iterable[str], read: Callable[[], Read]
) -> tuple[Read, Collection[str]]:
    """Returns the result of `read`, and those of these people with whom a person has a block; one round trip."""
    if hidden is not None:
        return read(), hidden
    return in_parallel(read, lambda: blocks.cut_off_among(user_id, others))
