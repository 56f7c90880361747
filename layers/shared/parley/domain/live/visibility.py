"""The visibility of live acts: the people who learn that a person reads, types, has a conversation open, or is online.

And of a changed profile.

This module alone states the rule. Only an `Audience` encodes live events (`events.LiveEvent`), and its frames are for
those people only, so posting them to anybody else posts nothing. A block hides the two from each other, in both
directions: everything in a direct conversation, and in a group everything that one member shows to another.
"""

from collections.abc import Callable, Collection, Iterable

from msgspec import Struct

from parley.domain.api.types import Signal
from parley.domain.conversations.block_steps import refusal
from parley.domain.conversations.events import LiveEvent, encode
from parley.domain.conversations.head import Head
from parley.domain.live.calls import StoredCall
from parley.domain.live.presence import Connection

Frames = Callable[[str, Connection], bytes | None]


class Audience(Struct, frozen=True):
    """The people who learn of a person's acts: their own devices, unless they have left, and `others`."""

    user_id: str
    others: frozenset[str]
    is_member: bool = True

    @property
    def people(self) -> list[str]:
        """Returns all people whose devices may be told."""
        return [*sorted(self.others), *([self.user_id] if self.is_member else [])]

    def frames(self, event: LiveEvent) -> Frames:
        """Returns the frame of an event for these people, and none for anybody else."""
        frame, people = encode(event), set(self.people)
        return lambda user_id, _: frame if user_id in people else None

    def frames_in(self, event: LiveEvent, conversation_ids: Collection[str]) -> Frames:
        """Returns the frame for those of their devices that have one of these conversations open."""
        frame_for, opened = self.frames(event), set(conversation_ids)
        return lambda user_id, device: frame_for(user_id, device) if device.joined & opened else None


def of_member(head: Head, user_id: str, hidden_from: Collection[str]) -> Audience:
    """Returns the audience of a member's acts in a conversation; in a large group only their own devices.

    `hidden_from` are the people with whom the member has a block. In a direct conversation the head tells of it.
    An agent who looks at a ticket without being in it shows nothing to its requester.
    """
    others = () if head.blocked_by else head.others(user_id)
    is_member = head.is_large or user_id in head.participants
    if head.is_ticket and not is_member:
        return Audience(user_id, frozenset(others) - {head.requester_id or ""})
    return Audience(user_id, frozenset(others).difference(hidden_from), is_member)


def of_viewers(user_id: str, viewers: Iterable[str]) -> Audience:
    """Returns the agents who have a ticket open and learn what a person does there; not the person's own devices."""
    return Audience(user_id, frozenset(viewers) - {user_id}, is_member=False)


def of_status(user_id: str, watchers: Iterable[str], hidden_from: Collection[str]) -> Audience:
    """Returns the people who learn whether a person is online."""
    return Audience(user_id, frozenset(watchers).difference(hidden_from))


def of_profile(user_id: str, people: Iterable[str], hidden_from: Collection[str]) -> Audience:
    """Returns the people who learn that a person's profile has changed, without the person's own devices."""
    return Audience(user_id, frozenset(people).difference(hidden_from, {user_id}), is_member=False)


def of_call(call: StoredCall) -> Audience:
    """Returns the audience of a call's signals; `check_signal` refuses those that a block forbids."""
    return Audience(call.caller_id, frozenset({call.callee_id}))


def check_signal(head: Head, signal: Signal) -> None:
    """Raises Forbidden for each signal but `hang_up` if one of the two has blocked the other.

    A signal shows that its sender is online, and most carry free text. The end of a call carries none.
    """
    if head.blocked_by and signal != "hang_up":
        raise refusal()
