"""What the tables hold, as values, with the arithmetic that everything else rests on.

Markers, unread, what members see.
"""

from collections.abc import Mapping

from msgspec import Struct

from parley.domain import ids
from parley.domain.times import rfc3339, rfc3339_or_none
from parley.domain.types import (
    Context,
    Conversation,
    ConversationType,
    Member,
    Message,
    MessageKind,
    MessagePreview,
    Settings,
)

PREVIEW_CHARACTERS = 100  # of a message's text in lists and notifications; keeps a conversation's head under 1 KB


class StoredMessage(Struct, frozen=True, kw_only=True):
    """A message as it is stored: what every reader sees the same."""

    conversation_id: str
    seq: int
    sender_id: str
    kind: MessageKind
    text: str
    created_at_ms: int
    client_id: str | None = None
    edited_at_ms: int | None = None
    deleted_at_ms: int | None = None

    def view(self) -> Message:
        """Returns the message as clients see it."""
        return Message(
            id=ids.message_id(self.conversation_id, self.seq),
            conversation_id=self.conversation_id,
            seq=self.seq,
            sender_id=self.sender_id,
            kind=self.kind,
            text=self.text,
            created_at=rfc3339(self.created_at_ms),
            edited_at=rfc3339_or_none(self.edited_at_ms),
            deleted_at=rfc3339_or_none(self.deleted_at_ms),
            client_id=self.client_id,
        )

    def preview(self) -> MessagePreview:
        """Returns the cut-down message that stands in lists."""
        return MessagePreview(
            id=ids.message_id(self.conversation_id, self.seq),
            seq=self.seq,
            sender_id=self.sender_id,
            kind=self.kind,
            text=self.text[:PREVIEW_CHARACTERS],
            created_at=rfc3339(self.created_at_ms),
        )


class Membership(Struct, frozen=True, kw_only=True):
    """One person's side of a conversation. The markers are what this person has reported, see `Head.read_seq`."""

    user_id: str
    conversation_id: str
    role: str = "member"
    read_seq: int = 0
    delivered_seq: int = 0
    settings: Settings = Settings()


class Head(Struct, frozen=True, kw_only=True):
    """A conversation as its members share it. `sent_seqs` holds the seq of each member's own newest message."""

    conversation_id: str
    type: ConversationType
    context: Context | None
    participants: tuple[str, ...]
    last_seq: int
    last_change_seq: int
    last_message: MessagePreview | None
    sent_seqs: Mapping[str, int]
    created_at_ms: int
    last_activity_ms: int
    active_hour: int
    title: str | None = None
    description: str | None = None

    def others(self, user_id: str) -> tuple[str, ...]:
        """Returns the members except one."""
        return tuple(one for one in self.participants if one != user_id)

    def read_seq(self, membership: Membership) -> int:
        """Returns how far a member has read.

        What they reported, or their own newest message, since who writes has read.

        A send therefore moves its sender's marker without a write of its own.
        """
        return max(membership.read_seq, self.sent_seqs.get(membership.user_id, 0))

    def delivered_seq(self, membership: Membership) -> int:
        """Returns how far a member's devices have received; what was read was delivered."""
        return max(membership.delivered_seq, self.read_seq(membership))

    def unread(self, membership: Membership) -> int:
        """Returns how many messages a member has not read: arithmetic, so there is no counter to drift."""
        return self.last_seq - self.read_seq(membership)

    def capabilities(self, user_id: str) -> list[str]:
        """Returns what a person may do here, so that clients need not know the rules."""
        return ["send_message", "mark_read", "typing"] if user_id in self.participants else []

    def member(self, membership: Membership, name: str | None) -> Member:
        """Returns one member as the other members see them."""
        return Member(
            user_id=membership.user_id,
            name=name,
            role=membership.role,
            read_seq=self.read_seq(membership),
            delivered_seq=self.delivered_seq(membership),
        )

    def view(
        self, user_id: str, memberships: Mapping[str, Membership], names: Mapping[str, str | None]
    ) -> Conversation:
        """Returns the conversation as member `user_id` sees it; `memberships` and `names` are by user id."""
        mine = memberships[user_id]
        return Conversation(
            id=self.conversation_id,
            type=self.type,
            title=self.title,
            description=self.description,
            context=self.context,
            members=[self.member(memberships[one], names.get(one)) for one in self.participants if one in memberships],
            member_count=len(self.participants),
            last_message=self.last_message,
            last_seq=self.last_seq,
            last_change_seq=self.last_change_seq,
            unread=self.unread(mine),
            read_seq=self.read_seq(mine),
            delivered_seq=self.delivered_seq(mine),
            settings=mine.settings,
            capabilities=self.capabilities(user_id),
            created_at=rfc3339(self.created_at_ms),
            last_activity_at=rfc3339(self.last_activity_ms),
        )
