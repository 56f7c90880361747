"""Unread totals."""

from msgspec import Struct

from parley.adapters.conversations import conversations
from parley.domain.api.request import Request

MAX_COUNTED = 100  # unread totals look only at the most recently active conversations, in two round trips


class UnreadCount(Struct, frozen=True, kw_only=True):
    """Unread messages, and the conversations that hold them. `capped` if there were more conversations to look at."""

    total: int
    conversations: int
    capped: bool


class Unread(Struct, frozen=True, kw_only=True):
    """The unread count of one conversation."""

    conversation_id: str
    unread: int
    read_seq: int
    last_seq: int


class UnreadList(Struct, frozen=True, kw_only=True):
    """The conversations with unread messages, most recently active first."""

    conversations: list[Unread]
    total: int
    capped: bool


def count_unread(request: Request) -> UnreadCount:
    """Returns the unread totals; two round trips."""
    found = list_unread(request)
    return UnreadCount(total=found.total, conversations=len(found.conversations), capped=found.capped)


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
        if head.unread(mine)
    ]
    return UnreadList(
        conversations=unread,
        total=sum(conversation.unread for conversation in unread),
        capped=len(entries) > MAX_COUNTED,
    )
