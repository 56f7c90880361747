"""A conversation's head and its memberships as they are stored, with the arithmetic on them."""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from parley.domain.api.identity import is_system_sender
from parley.domain.api.types import (
    Context,
    ConversationType,
    GroupRole,
    MessagePreview,
    NewcomersSee,
    Posting,
    Settings,
    Side,
)
from parley.domain.conversations.adding import Adding
from parley.domain.conversations.message import StoredMessage

# members that a head lists, whom the caller's function tells: as many as one batch reads (DynamoDB quotas)
MAX_LISTED = 100
MAX_MENTIONS = 100  # unread mentions kept per person and conversation
LOOK_BACK = 100  # messages before a hidden last one, among which a list finds the one that it shows instead
MAX_EVERYONE = 20  # the newest messages to everyone that a head keeps


class Frozen(Struct, frozen=True, kw_only=True):
    """A member's markers as the other person saw them when a block began, and still sees them.

    `blocked_seq` tells which block: the change that began it (`Head.blocked_seq`), 0 if it is older than this field.
    """

    blocked_seq: int
    read_seq: int
    delivered_seq: int


class Play(Struct, frozen=True):
    """When a member first played a voice message; `blocked_seq` is the block of that time, None without one."""

    at_ms: int
    blocked_seq: int | None = None


class UnreadFrom(Struct, frozen=True, kw_only=True):
    """A person's mark that a conversation is unread from the message `seq` on; None after they have taken it off.

    It holds while their read marker is at `read_seq`, as it was then: each move of the marker ends it without a write.
    """

    seq: int | None
    read_seq: int
    at_ms: int


class Membership(Struct, frozen=True, kw_only=True):
    """One person's side of a conversation. The markers are this person's last report, see `Head.read_seq`.

    `archived_seq` is the conversation's end when it was archived: any later message brings it back.
    `mention_seqs` are the messages that name this person and that they had not read, at most `MAX_MENTIONS`.
    `since_seq` is the conversation's end when they came in: receipts cover later messages only. None in a row that is
    older than this attribute; `since_ms` tells it there.
    `sent_ms` is the time of their last message, in a group in slow mode.
    `own_seq` counts the changes of their own part: `settings`, what they archive, and what they mark as unread.
    `hidden_seq` is the newest message that they have deleted for themselves, if it was the conversation's last.
    `shown_seq` is the newest message before it that they saw then, if it was among the `LOOK_BACK` before the last one.
    `shown` is not stored: that message as a list shows it (`actions/conversations/earlier.py`).
    `frozen` is written with the first move of a marker under a block between two people.
    `pushed_seq` is the newest message of which an app of theirs was told, in all but direct conversations: reading it
    takes the notices away.
    `visible_from_seq` is the first message that they see, in groups.
    """

    user_id: str
    conversation_id: str
    read_seq: int = 0
    delivered_seq: int = 0
    settings: Settings = Settings()
    own_seq: int = 0
    archived_seq: int | None = None
    mention_seqs: frozenset[int] = frozenset()
    hidden_seq: int | None = None
    shown_seq: int | None = None
    shown: MessagePreview | None = None
    since_ms: int = 0
    since_seq: int | None = None
    sent_ms: int | None = None
    frozen: Frozen | None = None
    pushed_seq: int | None = None
    visible_from_seq: int = 1
    unread_from: UnreadFrom | None = None


class Head(Struct, frozen=True, kw_only=True):
    """A conversation as its members share it.

    `participants` lists the members up to `MAX_LISTED`; a larger group's members are in the index of
    memberships only. `sent_seqs` holds the seq of each person's newest message, in direct conversations; in a group a
    send moves its sender's marker itself. `shared_seq` is the last change of the part that all members see alike.
    `blocked_by` are those of the two people of a direct conversation who have blocked the other, `blocked_seq` the
    change that set the first block. `awaits_answer` hides from both whether the other person is there, until both
    have written. `metadata` is compact JSON. `is_reported` if a message was reported; `is_locked` if a moderator has
    closed it, so members cannot open it again; `muted_ids` are the members of a group who may not write. `dissolved` if
    an owner has ended the group: it stays closed, and its last members are on their way out.
    `adding` is the last adding of everyone of a role or a context to a group. `requester_id` is whose ticket it is, or
    whose ticket the notes are about. `pushed_seqs` holds the seq of the newest message of which an app of each person
    was told, in direct conversations; nothing that changes a conversation writes it.

    `visible_from_seqs` holds the first message that each person sees, in direct conversations, if it is not the first
    of all. `horizon_seq` is the greatest of those of a group's members: all of them see the messages from there on.
    `first_seq` is not stored: the first message that the reader sees to whom `access` has given this head.
    """

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
    member_count: int = 2
    owner_ids: tuple[str, ...] = ()
    admin_ids: tuple[str, ...] = ()
    shared_seq: int = 0
    posting: Posting = "everyone"
    slow_mode_s: int = 0
    history: NewcomersSee = "all"
    closed: bool = False
    pins: tuple[int, ...] = ()
    everyone_seqs: tuple[int, ...] = ()
    has_archived: bool = False
    rates: Mapping[str, int] | None = {}  # buckets that are not full, by user; None in a row older than the attribute
    blocked_by: tuple[str, ...] = ()
    blocked_seq: int = 0
    awaits_answer: bool = False
    custom_type: str | None = None
    metadata: str | None = None
    is_reported: bool = False
    is_locked: bool = False
    dissolved: bool = False
    muted_ids: tuple[str, ...] = ()
    adding: Adding | None = None
    requester_id: str | None = None
    pushed_seqs: Mapping[str, int] = {}
    visible_from_seqs: Mapping[str, int] = {}
    horizon_seq: int = 1
    first_seq: int = 1

    @property
    def is_group(self) -> bool:
        return self.type == "group"

    @property
    def is_ticket(self) -> bool:
        return self.type == "ticket"

    @property
    def is_notes(self) -> bool:
        return self.type == "notes"

    @property
    def is_desks(self) -> bool:
        """Says whether agents come in by their role: into a ticket, and into a ticket's notes."""
        return self.is_ticket or self.is_notes

    @property
    def has_members(self) -> bool:
        """Says whether memberships hold who is in the conversation, and not the head: in all but a direct one."""
        return self.type != "direct"

    def side_of(self, sender_id: str) -> Side | None:
        """Returns on whose side of a ticket a sender writes; None in other conversations."""
        if not self.is_ticket:
            return None
        if is_system_sender(sender_id):
            return "system"
        return "requester" if sender_id == self.requester_id else "support"

    def newest_seq_of(self, user_id: str) -> int:
        """Returns the seq of a user's newest message, as far as the head knows it; 0 if it does not.

        In a group the head knows only the newest message of all.
        """
        last = self.last_message
        if last is not None and last.sender_id == user_id:
            return last.seq
        return self.sent_seqs.get(user_id, 0)

    @property
    def is_large(self) -> bool:
        """Says whether the group is too large for its head. A queue tells its members, not the caller's function."""
        return self.member_count > len(self.participants)

    def role_of(self, user_id: str) -> GroupRole:
        """Returns a member's role; both people of a direct conversation are members."""
        return "owner" if user_id in self.owner_ids else "admin" if user_id in self.admin_ids else "member"

    def others(self, user_id: str) -> tuple[str, ...]:
        """Returns the members except one person; none of a large group."""
        return tuple(member_id for member_id in self.participants if member_id != user_id)

    def play(self, at_ms: int) -> Play:
        """Returns a play at this time."""
        return Play(at_ms, self.blocked_seq if self.blocked_by else None)

    def shows(self, play: Play) -> bool:
        """Says whether the other of two sees a play: not during the block under which it was."""
        return not self.blocked_by or play.blocked_seq != self.blocked_seq

    def visible_from_seq(self, user_id: str, membership: Membership | None) -> int:
        """Returns the first message that a person sees here; this alone decides it. Of two people the head knows it.

        Of a ticket and its notes everybody sees all messages, and so do those who are not in a conversation.
        """
        if self.is_desks:
            return 1
        if self.has_members:
            return 1 if membership is None else membership.visible_from_seq
        return self.visible_from_seqs.get(user_id, 1)

    def seen_by(self, user_id: str, membership: Membership | None) -> "Head":
        """Returns the head for a reader: `first_seq` is the first message that they see."""
        first_seq = self.visible_from_seq(user_id, membership)
        return self if first_seq == self.first_seq else msgspec.structs.replace(self, first_seq=first_seq)

    def is_seen_by_all(self, seq: int) -> bool:
        """Says whether every member sees a message."""
        return seq >= max([self.horizon_seq, *self.visible_from_seqs.values()])

    def with_horizon(self, user_id: str, seq: int) -> "Head":
        """Returns the head after a member has come to see only the messages from `seq` on."""
        if self.has_members:
            return msgspec.structs.replace(self, horizon_seq=max(self.horizon_seq, seq))
        return msgspec.structs.replace(self, visible_from_seqs={**self.visible_from_seqs, user_id: seq})

    def settled_seq(self, membership: Membership) -> int:
        """Returns the last message that a member has nothing left to read of: they have read it, or do not see it."""
        return max(self.read_seq(membership), self.visible_from_seq(membership.user_id, membership) - 1)

    def takes_notices_away(self, membership: Membership, seq: int) -> bool:
        """Says whether a member who reads up to `seq` reads what an app of theirs was told of last."""
        pushed_seq = self.pushed_seq(membership)
        return pushed_seq is not None and self.settled_seq(membership) < pushed_seq <= seq

    def pushed_seq(self, membership: Membership) -> int | None:
        """Returns the newest message of which an app of a member was told; None if none was.

        Of two people the head knows it, because a send reads no more.
        """
        return membership.pushed_seq if self.has_members else self.pushed_seqs.get(membership.user_id)

    def read_seq(self, membership: Membership) -> int:
        """Returns the last message that a member has read.

        That is their report, or their own newest message, because a sender has read.

        A send therefore moves its sender's marker without a write of its own.
        """
        return max(membership.read_seq, self.sent_seqs.get(membership.user_id, 0))

    def delivered_seq(self, membership: Membership) -> int:
        """Returns the last message that a member's devices have received; a read message was delivered."""
        return max(membership.delivered_seq, self.read_seq(membership))

    def unread(self, membership: Membership) -> int:
        """Returns how many messages are unread for a member: arithmetic, so no counter can drift.

        Those that they have not read, and those from the one on that they have marked as unread, as far as they see
        them.
        """
        unread_from = self.unread_from_seq(membership)
        if unread_from is None:
            return self.last_seq - self.settled_seq(membership)
        seen_seq = min(self.read_seq(membership), unread_from - 1)
        return self.last_seq - max(seen_seq, self.visible_from_seq(membership.user_id, membership) - 1)

    def unread_from_seq(self, membership: Membership) -> int | None:
        """Returns the message from which on a member has marked the conversation as unread; None after they read."""
        mark = membership.unread_from
        return mark.seq if mark is not None and mark.read_seq == self.read_seq(membership) else None

    def unread_mentions(self, membership: Membership) -> list[int]:
        """Returns the seqs of unread messages that name a member, or everyone, ascending."""
        settled_seq = self.settled_seq(membership)
        return sorted(seq for seq in membership.mention_seqs | set(self.everyone_seqs) if seq > settled_seq)

    def is_archived(self, membership: Membership) -> bool:
        """Says whether a member has archived the conversation and no message has come since."""
        return membership.archived_seq is not None and membership.archived_seq >= self.last_seq

    def joiner(self, user_id: str) -> Membership:
        """Returns the membership of a person who is added now: as of a newcomer, but with `history: joined` they see
        nothing older."""
        first_seq = 1 if self.history == "all" else self.last_seq + 1
        return msgspec.structs.replace(self.newcomer(user_id), visible_from_seq=first_seq)

    def newcomer(self, user_id: str) -> Membership:
        """Returns the membership of a person who comes in now: they see the older messages, and none is unread."""
        return Membership(
            user_id=user_id,
            conversation_id=self.conversation_id,
            read_seq=self.last_seq,
            delivered_seq=self.last_seq,
            since_ms=self.last_activity_ms,
            since_seq=self.last_seq,
        )

    def was_there(self, membership: Membership, message: StoredMessage) -> bool:
        """Says whether a member was in the conversation when a message was written."""
        if membership.since_seq is not None:
            return message.seq > membership.since_seq
        return not self.has_members or message.created_at_ms > membership.since_ms

    def last_message_for(self, membership: Membership) -> MessagePreview | None:
        """Returns the newest message as a member's list shows it.

        The one before it that they see if they have deleted it for themselves. None if they see only later ones.
        """
        if membership.hidden_seq == self.last_seq:
            return membership.shown if self.earlier_seq(membership) is not None else None
        is_gone = self.last_seq < self.visible_from_seq(membership.user_id, membership)
        return None if is_gone else self.last_message

    def earlier_seq(self, membership: Membership) -> int | None:
        """Returns the message that a member's list shows because they have deleted the last one for themselves.

        None if they have not, or see none.
        """
        seq = membership.shown_seq
        if seq is None or membership.hidden_seq != self.last_seq:
            return None
        return seq if seq >= self.visible_from_seq(membership.user_id, membership) else None

    @property
    def shows_words(self) -> bool:
        """Says whether lists show a user's words in a group; lists mark them if the reader has blocked the user."""
        return self.is_group and self.last_message is not None and self.last_message.kind != "system"
