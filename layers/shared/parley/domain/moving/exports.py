"""The answers that an export of a whole deployment reads: conversations, sides and reactions as they are stored."""

from typing import Any

from msgspec import Struct

from parley.domain.api import custom_data
from parley.domain.api.times import rfc3339
from parley.domain.api.types import (
    Context,
    ConversationType,
    GroupRole,
    NewcomersSee,
    Posting,
    Settings,
    State,
    TicketStatus,
)
from parley.domain.conversations.head import Head
from parley.domain.support.desk import Priority
from parley.domain.support.ticket import StoredTicket


class StoredTicketState(Struct, frozen=True, kw_only=True):
    """The state of a ticket beside its conversation, as an import takes it; its history is a list of its own."""

    number: str
    status: TicketStatus
    priority: Priority
    category: str
    assignee_id: str | None
    team: str | None
    tags: list[str]
    rating: int | None
    status_at: str
    replied_at: str | None


class StoredConversation(Struct, frozen=True, kw_only=True):
    """A conversation as all members share it; its members are listed by themselves."""

    id: str
    type: ConversationType
    title: str | None
    description: str | None
    context: Context | None
    state: State
    posting: Posting
    slow_mode_s: int
    history: NewcomersSee
    custom_type: str | None
    metadata: dict[str, Any] | None
    requester_id: str | None
    member_count: int
    last_seq: int
    created_at: str
    last_activity_at: str
    ticket: StoredTicketState | None


class StoredConversationList(Struct, frozen=True, kw_only=True):
    """A page of all conversations. It may be short, or empty, while `next` says that there are more."""

    conversations: list[StoredConversation]
    next: str | None


class StoredMember(Struct, frozen=True, kw_only=True):
    """A member's side of a conversation: what they have read and received, and their settings.

    `since_seq` is the conversation's end when they came in, `visible_from_seq` the first message that they see, and
    `unread_from_seq` the message from which on they have marked the conversation as unread; null if they have not.
    `mention_seqs` are unread messages that name them.
    """

    user_id: str
    role: GroupRole
    read_seq: int
    delivered_seq: int
    since_seq: int
    visible_from_seq: int
    unread_from_seq: int | None
    settings: Settings
    archived: bool
    mention_seqs: list[int]


class StoredMemberList(Struct, frozen=True, kw_only=True):
    """A page of the members, by id."""

    members: list[StoredMember]
    next: str | None


class StoredReaction(Struct, frozen=True, kw_only=True):
    """A person's emoji on a message."""

    seq: int
    emoji: str
    user_id: str
    reacted_at: str


class StoredReactionList(Struct, frozen=True, kw_only=True):
    """A page of the reactions in a conversation. It may be short, or empty, while `next` says that there are more."""

    reactions: list[StoredReaction]
    next: str | None


def stored_ticket(ticket: StoredTicket) -> StoredTicketState:
    """Returns the state of a ticket as an export has it."""
    return StoredTicketState(
        number=ticket.number,
        status=ticket.status,
        priority=ticket.priority,
        category=ticket.category,
        assignee_id=ticket.assignee_id,
        team=ticket.team,
        tags=list(ticket.tags),
        rating=ticket.rating,
        status_at=rfc3339(ticket.since_ms),
        replied_at=None if ticket.replied_at_ms is None else rfc3339(ticket.replied_at_ms),
    )


def stored_conversation(head: Head, ticket: StoredTicket | None) -> StoredConversation:
    """Returns a conversation as an export has it, with the state of a ticket."""
    return StoredConversation(
        id=head.conversation_id,
        type=head.type,
        title=head.title,
        description=head.description,
        context=head.context,
        state="closed" if head.closed else "open",
        posting=head.posting,
        slow_mode_s=head.slow_mode_s,
        history=head.history,
        custom_type=head.custom_type,
        metadata=custom_data.from_compact(head.metadata),
        requester_id=head.requester_id,
        member_count=head.member_count,
        last_seq=head.last_seq,
        created_at=rfc3339(head.created_at_ms),
        last_activity_at=rfc3339(head.last_activity_ms),
        ticket=None if ticket is None else stored_ticket(ticket),
    )
