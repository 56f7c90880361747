"""The agents with one ticket open: they see each other there, who types, and what is written and changed.

Its requester never learns of them. The row of a ticket says who may have it open, and their devices who has: so a dead
device leaves with its lease. What the row says too much costs a read, until the agent leaves the ticket or is offline.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from parley.actions import named, push
from parley.actions.parallel import in_parallel
from parley.adapters.conversations import conversations
from parley.adapters.dynamodb import metering
from parley.adapters.live import connections
from parley.adapters.people import agents
from parley.domain.api import ids
from parley.domain.api.request import Request
from parley.domain.api.times import rfc3339
from parley.domain.conversations.events import LiveEvent, NamingEvent, UserLeftConversation
from parley.domain.conversations.head import Head
from parley.domain.conversations.named import in_event
from parley.domain.live import visibility
from parley.domain.live.presence import Presence

Read = TypeVar("Read")


class TicketViewer(Struct, frozen=True, kw_only=True):
    """An agent who has a ticket open, until `expires_at` unless they ping."""

    user_id: str
    expires_at: str


def is_one(request: Request, head: Head) -> bool:
    """Says whether the caller, who opens a conversation, looks on as an agent: not at their own ticket."""
    return head.is_ticket and request.user_id != head.requester_id


def around(request: Request, head: Head, user_ids: Iterable[str], also: Collection[str] = ()) -> list[Presence]:
    """Returns the devices of people in a conversation who may be told of it, and in a ticket of those who look on.

    Of an agent who looks on only those that have the ticket open, or its notes; `also` names people who are not in it,
    and whose devices are all told. One round trip; in a ticket and its notes one more if others are there. A large
    ticket shows nothing to those who look on.
    """
    if not head.is_desks:
        return push.devices_of(user_ids)
    _pay_alike(request, head)
    opened = {head.conversation_id, ids.ticket_of(head.conversation_id)}
    wanted = dict.fromkeys([*user_ids, *also])
    there, viewers = connections.around_ticket(ids.ticket_of(head.conversation_id), wanted)
    looking = [] if head.is_large else sorted(viewers.difference(wanted, {request.user_id, head.requester_id}))
    others = [person.user_id for person in there if person.user_id != request.user_id and person.live(request.now_s)]
    if not others and not looking:
        return there
    from parley.actions import ticket_audience  # most posts are about no ticket

    devices, told = in_parallel(
        lambda: push.devices_of(looking), lambda: ticket_audience.of(head.conversation_id, [*others, *looking])
    )
    onlookers = [
        replace(person, connections=tuple(device for device in person.connections if device.joined & opened))
        for person in devices
    ]
    return [person for person in (*there, *onlookers) if person.user_id in {request.user_id, *told}]


def agents_in(head: Head | None) -> tuple[str, ...]:
    """Returns the agents who are in a ticket, who hear of its notes; none of a large one."""
    return () if head is None else head.others(head.requester_id or "")


def tell_change(request: Request, head: Head, event: NamingEvent) -> named.Users:
    """Tells those in a ticket or its notes of an event, and those who look on; returns the people whom it names."""
    people, users = named.naming(request, in_event(event), lambda: around(request, head, head.participants))
    frames = push.naming_frames_of(event, users)
    push.tell_present_each(request, people, frames, head.conversation_id, may_hear=True)
    return users


def beside(request: Request, conversation_id: str, read: Callable[[], Read]) -> tuple[Read, list[Presence]]:
    """Returns the result of `read`, and the agents who have a ticket open; nobody for another conversation.

    Two round trips beside those of `read`, a read unit for the ticket's row and one for each agent.
    """
    if not ids.is_ticket_id(conversation_id):
        return read(), []

    def viewers() -> list[Presence]:
        return with_open(request, conversation_id, connections.viewers_of([conversation_id])[conversation_id])

    return in_parallel(read, viewers)


def coming_beside(request: Request, head: Head, read: Callable[[], Read]) -> tuple[Read, list[Presence]]:
    """Returns what `beside` does, and notes that the caller, if an agent, has the ticket open. As many round trips."""
    if not is_one(request, head):
        return beside(request, head.conversation_id, read)
    noted = connections.look_on(request.user_id, head.conversation_id)
    return in_parallel(read, lambda: with_open(request, head.conversation_id, noted))


def forget(user_id: str, ticket_ids: Iterable[str]) -> None:
    """Forgets that an agent has had tickets open; two round trips for each."""
    for ticket_id in ticket_ids:
        connections.look_away(user_id, ticket_id)


def tell_gone(request: Request, ticket_ids: Iterable[str]) -> None:
    """Tells the agents who have one of these tickets open that the caller, an agent, has not any more.

    Three round trips, and for each such ticket one and the posts.
    """
    noted = connections.viewers_of(ticket_ids)
    wanted = {user_id for viewers in noted.values() for user_id in viewers if user_id != request.user_id}
    people = push.devices_of(sorted(wanted))
    watched = {each: [person for person in people if _devices(person, each, request.now_s)] for each in noted}
    heads = conversations.heads(each for each, viewers in watched.items() if viewers)
    for ticket_id, head in heads.items():
        told = [person for person in watched[ticket_id] if person.user_id != head.requester_id]
        left = UserLeftConversation(conversation_id=ticket_id, user_id=request.user_id)
        _post(request, ticket_id, told, left)


def with_open(request: Request, ticket_id: str, user_ids: Iterable[str]) -> list[Presence]:
    """Returns those of these people who have a ticket open; one round trip, none for nobody."""
    return [person for person in push.devices_of(sorted(user_ids)) if _devices(person, ticket_id, request.now_s)]


def _devices(person: Presence, ticket_id: str, now_s: int) -> list[int]:
    """Returns the ends of the leases of the devices that have the ticket open."""
    return [device.until_s for device in person.live(now_s) if ticket_id in device.joined]


def tell(request: Request, head: Head, viewers: Iterable[Presence], event: LiveEvent) -> None:
    """Posts what a person does in a ticket to the agents who have it open and are not in it; others are told anyway.

    One round trip and the posts, none without such agents.
    """
    _pay_alike(request, head)
    wanted = [
        person for person in viewers if person.user_id not in (request.user_id, head.requester_id, *head.participants)
    ]
    if not wanted:
        return
    _post(request, head.conversation_id, wanted, event)


def _pay_alike(request: Request, head: Head) -> None:
    """Lets each act of the requester cost a whole token: what is left of it would tell whether an agent looks on."""
    if request.user_id == head.requester_id:
        metering.note_telling()


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
