"""Unread totals."""

from collections.abc import Iterable

from msgspec import Struct

from parley.actions import access
from parley.adapters.conversations import conversations
from parley.domain.api import ids
from parley.domain.api.request import Request

MAX_COUNTED = 100  # unread totals look only at the most recently active conversations, in two round trips


class UnreadTickets(Struct, frozen=True, kw_only=True):
    """Unread messages of tickets, and the tickets that hold them."""

    total: int
    conversations: int


class UnreadCount(Struct, frozen=True, kw_only=True):
    """Unread messages, and the conversations that hold them; those of tickets apart.

    `capped` if there were more conversations to look at.
    """

    total: int
    conversations: int
    capped: bool
    tickets: UnreadTickets


class Unread(Struct, frozen=True, kw_only=True):
    """The unread count of one conversation."""

    conversation_id: str
    unread: int
    read_seq: int
    last_seq: int


class UnreadList(Struct, frozen=True, kw_only=True):
    """The conversations with unread messages, most recently active first; tickets apart. `total` counts no tickets."""

    conversations: list[Unread]
    total: int
    capped: bool
    tickets: list[Unread]


def count_unread(request: Request) -> UnreadCount:
    """Returns the unread totals; two round trips."""
    found = list_unread(request)
    return UnreadCount(
        total=found.total,
        conversations=len(found.conversations),
        capped=found.capped,
        tickets=UnreadTickets(total=_total(found.tickets), conversations=len(found.tickets)),
    )


def _total(unread: Iterable[Unread]) -> int:
    return sum(conversation.unread for conversation in unread)


def list_unread(request: Request) -> UnreadList:
    """Returns the unread counts of the `MAX_COUNTED` most recently active conversations; two round trips."""
    entries = conversations.recent(request.user_id, MAX_COUNTED + 1)
    counted = [entry.conversation_id for entry in entries[:MAX_COUNTED]]
    found = conversations.heads_and_memberships(counted, request.user_id, stale=True)
    pairs = sorted(found.values(), key=lambda pair: pair[0].last_activity_ms, reverse=True)
    unread = [
        Unread(
            conversation_id=head.conversation_id,
            unread=head.unread(mine),
            read_seq=head.read_seq(mine),
            last_seq=head.last_seq,
        )
        for head, mine in pairs
        if head.unread(mine) and access.sees(request, head)
    ]
    tickets = [each for each in unread if ids.is_ticket_id(each.conversation_id)]
    others = [each for each in unread if not ids.is_ticket_id(each.conversation_id)]
    return UnreadList(conversations=others, total=_total(others), capped=len(entries) > MAX_COUNTED, tickets=tickets)


def count_total(user_id: str) -> int:
    """Returns the unread messages of a person, without those of tickets; two round trips. It may be a moment old."""
    entries = conversations.recent(user_id, MAX_COUNTED)
    found = conversations.heads_and_memberships([each.conversation_id for each in entries], user_id, stale=True)
    return sum(head.unread(mine) for head, mine in found.values() if not ids.is_desks_id(head.conversation_id))
