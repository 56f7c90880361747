"""Unread totals."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from parley.actions import access
from parley.adapters.conversations import conversations
from parley.domain.api import ids
from parley.domain.api.request import Request
from parley.domain.api.requests import ListUnread
from parley.domain.conversations import listing
from parley.domain.conversations.listing import Entry

MAX_COUNTED = 100  # unread totals look only at the most recently active conversations, in two round trips
MAX_EXACT = 1000  # those that an exact total looks at, in as many round trips and ten times the units


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
    """The conversations with unread messages, most recently active first; tickets apart. `total` counts no tickets.

    A page looks at `MAX_COUNTED` conversations, and its total is of these; `capped` if there are more, from `next` on.
    """

    conversations: list[Unread]
    total: int
    capped: bool
    tickets: list[Unread]
    next: str | None


def count_unread(request: Request, *, exact: bool = False) -> UnreadCount:
    """Returns the unread totals of the most recently active conversations; two round trips.

    Those of `MAX_COUNTED`, or with `exact` of `MAX_EXACT`.
    """
    most = MAX_EXACT if exact else MAX_COUNTED
    entries = conversations.recent(request.user_id, most + 1)
    others, tickets = _unread(request, entries[:most])
    return UnreadCount(
        total=_total(others),
        conversations=len(others),
        capped=len(entries) > most,
        tickets=UnreadTickets(total=_total(tickets), conversations=len(tickets)),
    )


def _total(unread: Iterable[Unread]) -> int:
    return sum(conversation.unread for conversation in unread)


def list_unread(request: Request, query: ListUnread) -> UnreadList:
    """Returns the unread counts of the next `MAX_COUNTED` conversations, the most recently active first.

    Two round trips. In the hour in which a page ends, the first of the next page may be more recent than its last.
    """
    after = listing.decode_cursor(query.cursor).chunk_after
    entries = conversations.recent(request.user_id, MAX_COUNTED + 1, after)
    counted = entries[:MAX_COUNTED]
    others, tickets = _unread(request, counted)
    following = None
    if len(entries) > MAX_COUNTED:
        following = listing.Position(chunk_after=(counted[-1].active_hour, counted[-1].conversation_id)).encode()
    return UnreadList(
        conversations=others, total=_total(others), capped=following is not None, tickets=tickets, next=following
    )


def _unread(request: Request, entries: Sequence[Entry]) -> tuple[list[Unread], list[Unread]]:
    """Returns what is unread in these conversations, and apart from that in tickets; one round trip."""
    wanted = [entry.conversation_id for entry in entries]
    found = conversations.heads_and_memberships(wanted, request.user_id, stale=True)
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
    return [each for each in unread if not ids.is_ticket_id(each.conversation_id)], tickets


def count_total(user_id: str) -> int:
    """Returns the unread messages of a person, without those of tickets; two round trips. It may be a moment old."""
    entries = conversations.recent(user_id, MAX_COUNTED)
    found = conversations.heads_and_memberships([each.conversation_id for each in entries], user_id, stale=True)
    return sum(head.unread(mine) for head, mine in found.values() if not ids.is_desks_id(head.conversation_id))
