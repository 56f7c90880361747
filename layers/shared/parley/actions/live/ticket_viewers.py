"""The agents with one ticket open: they see each other there, and who types. Its requester never learns of them.

The devices of the agents on the roster say who has a ticket open, and no other row does. So a dead device leaves with
its lease, and nothing has to be cleared.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from msgspec import Struct

from parley.actions import named, push
from parley.actions.parallel import in_parallel
from parley.adapters.conversations import conversations
from parley.adapters.people import agents
from parley.domain.api import ids
from parley.domain.api.request import Request
from parley.domain.api.times import rfc3339
from parley.domain.conversations.events import LiveEvent, UserLeftConversation
from parley.domain.conversations.head import Head
from parley.domain.live import visibility
from parley.domain.live.presence import Presence

Read = TypeVar("Read")


class TicketViewer(Struct, frozen=True, kw_only=True):
    """An agent who has a ticket open, until `expires_at` unless they ping."""

    user_id: str
    expires_at: str


def beside(request: Request, conversation_id: str, read: Callable[[], Read]) -> tuple[Read, list[Presence]]:
    """Returns the result of `read`, and the agents who have a ticket open; nobody for another conversation.

    Two round trips beside those of `read`, ten read units for the roster and one for each agent on it, at most.
    """
    if not ids.is_ticket_id(conversation_id):
        return read(), []
    return in_parallel(read, lambda: _with_open(conversation_id, request.now_s))


def tell_gone(request: Request, ticket_ids: Iterable[str]) -> None:
    """Tells the agents who have one of these tickets open that the caller, an agent, has not any more.

    Three round trips, and for each such ticket one and the posts.
    """
    from parley.adapters.support import roster  # most conversations are no tickets

    people = push.devices_of(entry.user_id for entry in roster.entries() if entry.user_id != request.user_id)
    watched = {each: [person for person in people if _devices(person, each, request.now_s)] for each in ticket_ids}
    heads = conversations.heads(each for each, viewers in watched.items() if viewers)
    for ticket_id, head in heads.items():
        told = [person for person in watched[ticket_id] if person.user_id != head.requester_id]
        left = UserLeftConversation(conversation_id=ticket_id, user_id=request.user_id)
        _post(request, ticket_id, told, left)


def _with_open(ticket_id: str, now_s: int) -> list[Presence]:
    from parley.adapters.support import roster  # most conversations are no tickets

    people = push.devices_of(entry.user_id for entry in roster.entries())
    return [person for person in people if _devices(person, ticket_id, now_s)]


def _devices(person: Presence, ticket_id: str, now_s: int) -> list[int]:
    """Returns the ends of the leases of the devices that have the ticket open."""
    return [device.until_s for device in person.live(now_s) if ticket_id in device.joined]


def tell(request: Request, head: Head, viewers: Iterable[Presence], event: LiveEvent) -> None:
    """Posts what a person does in a ticket to the agents who have it open and are not in it; others are told anyway.

    One round trip and the posts, none without such agents.
    """
    wanted = [
        person for person in viewers if person.user_id not in (request.user_id, head.requester_id, *head.participants)
    ]
    if not wanted:
        return
    _post(request, head.conversation_id, wanted, event)


def _post(request: Request, ticket_id: str, viewers: Sequence[Presence], event: LiveEvent) -> None:
    audience = visibility.of_viewers(request.user_id, [person.user_id for person in viewers])
    frames = audience.frames_in(named.told_by_caller(request, event), [ticket_id])
    push.tell_present_each(request, viewers, frames, ticket_id)


def seen_by(request: Request, head: Head, viewers: Sequence[Presence]) -> list[Presence]:
    """Returns the agents whom the caller sees to have the ticket open: none for its requester."""
    if request.user_id == head.requester_id:
        return []
    return [person for person in viewers if person.user_id not in (request.user_id, head.requester_id)]


def views(head: Head, viewers: Iterable[Presence], known: named.Users, now_s: int) -> list[TicketViewer]:
    """Returns these agents as others see them, without those who have lost the role."""
    return [
        TicketViewer(
            user_id=person.user_id, expires_at=rfc3339(max(_devices(person, head.conversation_id, now_s)) * 1000)
        )
        for person in viewers
        if person.user_id in known and agents.is_agent(known[person.user_id].role)
    ]
