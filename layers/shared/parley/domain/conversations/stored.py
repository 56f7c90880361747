"""What the tables hold, as values, with the arithmetic that everything else rests on.

Markers, unread, what members see.
"""

from collections.abc import Collection, Mapping

import msgspec
from msgspec import Struct

from parley.domain.api import ids
from parley.domain.api.times import rfc3339, rfc3339_or_none
from parley.domain.api.types import (
    Context,
    Conversation,
    ConversationType,
    GroupRole,
    ListedMessage,
    Marker,
    Member,
    Message,
    MessageKind,
    MessagePreview,
    Note,
    Origin,
    Posting,
    Reaction,
    Settings,
)
from parley.domain.conversations import rights

MAX_LISTED = 100  # members that a head lists, whom the one who acts tells: as many as one batch reads (DynamoDB quotas)
MAX_MENTIONS = 100  # unread mentions that are kept of one person in one conversation
MAX_EVERYONE = 20  # the newest messages to everyone that a head keeps
PREVIEW_CHARACTERS = 100  # of a message's text in lists and notifications; keeps a conversation's head under 1 KB


class Marks(Struct, frozen=True):
    """What one person has put on one message for themselves: their reactions, and since when it is hidden from them."""

    emojis: frozenset[str] = frozenset()
    hidden_at_ms: int | None = None


NO_MARKS = Marks()


class Reader(Struct, frozen=True, kw_only=True):
    """Somebody to whom an answer is shown: in groups it marks what those say whom they have `blocked`."""

    user_id: str
    blocked: frozenset[str]


class Eyes(Reader, frozen=True, kw_only=True):
    """How a reader sees messages of one conversation: with their own marks, by seq."""

    marks: Mapping[int, Marks]

    def marks_on(self, message: "StoredMessage") -> Marks:
        return self.marks.get(message.seq, NO_MARKS)

    def is_hidden(self, message: "StoredMessage") -> bool:
        """Says whether they have deleted a message from their own view."""
        return self.marks_on(message).hidden_at_ms is not None

    def view(self, message: "StoredMessage") -> Message:
        """Returns the message as the reader sees it."""
        return message.view(self)


class Tally(Struct, frozen=True, array_like=True):
    """How often an emoji was given to a message; `since` is the change that brought it there first, for the order."""

    count: int
    since: int


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
    system: Note | None = None
    reply_to_seq: int | None = None
    forwarded_from: Origin | None = None
    mentions: tuple[str, ...] = ()
    reactions: Mapping[str, Tally] = {}
    pinned: bool = False
    change_seq: int = 0
    edit_count: int = 0

    @property
    def message_id(self) -> str:
        return ids.message_id(self.conversation_id, self.seq)

    def view(self, eyes: Eyes) -> Message:
        """Returns the message as a reader sees it.

        One that they have hidden looks deleted, unless it was deleted for everyone since then. System messages are
        marked for nobody.
        """
        marks = eyes.marks_on(self)
        hidden_at_ms = marks.hidden_at_ms if self.deleted_at_ms is None else None
        shown = self if hidden_at_ms is None else self.blanked(hidden_at_ms)
        is_blocked = self.sender_id in eyes.blocked and self.kind != "system"
        return shown._shown(marks.emojis, blocked=is_blocked, hidden=marks.hidden_at_ms is not None)

    def for_all(self) -> Message:
        """Returns the message as events carry it: without what differs by reader. An answer needs a reader (`view`)."""
        return self._shown(frozenset(), blocked=False, hidden=False)

    def _shown(self, mine: Collection[str], *, blocked: bool, hidden: bool) -> Message:
        reply_to = self.reply_to_seq
        return Message(
            id=self.message_id,
            conversation_id=self.conversation_id,
            seq=self.seq,
            sender_id=self.sender_id,
            kind=self.kind,
            text=self.text,
            system=self.system,
            reply_to=None if reply_to is None else ids.message_id(self.conversation_id, reply_to),
            forwarded_from=self.forwarded_from if self.deleted_at_ms is None else None,
            mentions=list(self.mentions),
            reactions=[
                Reaction(emoji, tally.count, emoji in mine)
                for emoji, tally in sorted(self.reactions.items(), key=lambda one: (one[1].since, one[0]))
            ],
            pinned=self.pinned,
            created_at=rfc3339(self.created_at_ms),
            edited_at=rfc3339_or_none(self.edited_at_ms),
            deleted_at=rfc3339_or_none(self.deleted_at_ms),
            client_id=self.client_id,
            change_seq=self.change_seq,
            blocked=blocked,
            hidden=hidden,
        )

    def blanked(self, at_ms: int) -> "StoredMessage":
        """Returns what is left of the message when it is deleted: its place, its sender, and that it was there.

        Where its text came from first is kept too, and shown to nobody: by that an erasure finds the older texts.
        """
        return msgspec.structs.replace(
            self,
            text="",
            deleted_at_ms=at_ms,
            edited_at_ms=None,
            reply_to_seq=None,
            mentions=(),
            reactions={},
            pinned=False,
        )

    def preview(self) -> MessagePreview:
        """Returns the cut-down message that stands in lists."""
        return preview_of(self.for_all())


def preview_of(message: Message) -> MessagePreview:
    """Returns the cut-down message that stands in lists."""
    return MessagePreview(
        id=message.id,
        seq=message.seq,
        sender_id=message.sender_id,
        kind=message.kind,
        text=message.text[:PREVIEW_CHARACTERS],
        created_at=message.created_at,
        change_seq=message.change_seq,
        deleted_at=message.deleted_at,
    )


def as_listed(preview: MessagePreview, *, blocked: bool) -> ListedMessage:
    """Returns a preview as it stands in the list of somebody who has `blocked` its sender, or has not."""
    return ListedMessage(**msgspec.structs.asdict(preview), blocked=blocked)


class Frozen(Struct, frozen=True, kw_only=True):
    """A member's markers as the other one of two saw them when a block began, and goes on seeing them.

    `blocked_seq` says which block: the change that began it (`Head.blocked_seq`), 0 for one that is older than this.
    """

    blocked_seq: int
    read_seq: int
    delivered_seq: int


class Membership(Struct, frozen=True, kw_only=True):
    """One person's side of a conversation. The markers are what this person has reported, see `Head.read_seq`.

    `archived_seq` is where the conversation ended when it was archived: whatever comes behind it brings it back.
    `mention_seqs` are the messages that name this person and that they had not read, `MAX_MENTIONS` of them at most.
    `since_seq` is where the conversation ended when they came in: receipts are about what came then. None in a row that
    is older than this attribute, for which `since_ms` tells it.
    `sent_ms` is when they last wrote, in a group in slow mode.
    `own_seq` counts the changes of what they have set for themselves: `settings`, and what they archive.
    `hidden_seq` is the newest message that they have deleted for themselves, where it was the conversation's last.
    `frozen` is written with the first move of a marker under a block between two people.
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
    since_ms: int = 0
    since_seq: int | None = None
    sent_ms: int | None = None
    frozen: Frozen | None = None


class Head(Struct, frozen=True, kw_only=True):
    """A conversation as its members share it.

    `participants` lists the members while they are no more than `MAX_LISTED`; a larger group's stand in the index of
    memberships only. `sent_seqs` holds the seq of each one's own newest message, in direct conversations; in a group a
    send moves its sender's marker itself. `shared_seq` is the last change of what all members see the same of it.
    `blocked_by` are those of the two people of a direct conversation who have blocked the other, `blocked_seq` the
    change since which there are any. `awaits_answer` hides from both whether the other one is there, until both have
    written.
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
    closed: bool = False
    pins: tuple[int, ...] = ()
    everyone_seqs: tuple[int, ...] = ()
    has_archived: bool = False
    rates: Mapping[str, int] | None = {}  # buckets that are not full, by user; None in a row that is older than they
    blocked_by: tuple[str, ...] = ()
    blocked_seq: int = 0
    awaits_answer: bool = False

    @property
    def is_group(self) -> bool:
        return self.type == "group"

    @property
    def is_large(self) -> bool:
        """Says whether the group is too large for its head: its members are told by queue, not by whoever acts."""
        return self.member_count > len(self.participants)

    def role_of(self, user_id: str) -> GroupRole:
        """Returns a member's role; both people of a direct conversation are members."""
        return "owner" if user_id in self.owner_ids else "admin" if user_id in self.admin_ids else "member"

    def others(self, user_id: str) -> tuple[str, ...]:
        """Returns the members except one; none of a large group."""
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

    def unread_mentions(self, membership: Membership) -> list[int]:
        """Returns the seqs of unread messages that name a member, or everyone, ascending."""
        read_seq = self.read_seq(membership)
        return sorted(seq for seq in membership.mention_seqs | set(self.everyone_seqs) if seq > read_seq)

    def is_archived(self, membership: Membership) -> bool:
        """Says whether a member has put the conversation away, and nothing has come since."""
        return membership.archived_seq is not None and membership.archived_seq >= self.last_seq

    def capabilities(self, user_id: str) -> list[str]:
        """Returns what a member may do here, so that clients need not know the rules."""
        return rights.capabilities(self, self.role_of(user_id))

    def newcomer(self, user_id: str) -> Membership:
        """Returns the membership of somebody who comes in now: what was said before is there, and not unread."""
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
        return not self.is_group or message.created_at_ms > membership.since_ms

    def frozen(self, mine: Membership) -> Frozen | None:
        """Returns the markers of a member as the other one of two goes on seeing them under a block; None without."""
        if not self.blocked_by:
            return None
        if mine.frozen is not None and mine.frozen.blocked_seq == self.blocked_seq:
            return mine.frozen
        return Frozen(blocked_seq=self.blocked_seq, read_seq=mine.read_seq, delivered_seq=mine.delivered_seq)

    def as_seen(self, membership: Membership, viewer_id: str) -> Membership:
        """Returns a member's side with the markers that another member may see; one's own as they are."""
        frozen = self.frozen(membership) if membership.user_id != viewer_id else None
        if frozen is None:
            return membership
        return msgspec.structs.replace(membership, read_seq=frozen.read_seq, delivered_seq=frozen.delivered_seq)

    def member(self, membership: Membership, name: str | None, viewer_id: str, cut_off: Collection[str]) -> Member:
        """Returns one member as another sees them, who has a block with the people in `cut_off`."""
        seen = self.as_seen(membership, viewer_id)
        is_hidden = self.is_group and seen.user_id in cut_off
        return Member(
            user_id=seen.user_id,
            name=name,
            role=self.role_of(seen.user_id),
            read_seq=None if is_hidden else self.read_seq(seen),
            delivered_seq=None if is_hidden else self.delivered_seq(seen),
        )

    def marker(self, membership: Membership, viewer_id: str) -> Marker:
        """Returns how far one of two people has received and read, as the other one may see it."""
        seen = self.as_seen(membership, viewer_id)
        return Marker(user_id=seen.user_id, read_seq=self.read_seq(seen), delivered_seq=self.delivered_seq(seen))

    def last_message_for(self, membership: Membership) -> MessagePreview | None:
        """Returns the newest message as a member's list shows it: none where they have deleted it for themselves."""
        return None if membership.hidden_seq == self.last_seq else self.last_message

    def listed_for(self, membership: Membership, blocked: Collection[str]) -> ListedMessage | None:
        """Returns the newest message as it stands in the list of a member who has blocked these people."""
        last = self.last_message_for(membership)
        if last is None:
            return None
        return as_listed(last, blocked=self.shows_words and last.sender_id in blocked)

    @property
    def shows_words(self) -> bool:
        """Says whether lists show what somebody said in a group, which is marked where they are blocked."""
        return self.is_group and self.last_message is not None and self.last_message.kind != "system"

    def view(
        self, reader: Reader, memberships: Mapping[str, Membership], names: Mapping[str, str | None]
    ) -> Conversation:
        """Returns the conversation as a member sees it; `memberships` and `names` are by user id."""
        user_id, blocked = reader.user_id, reader.blocked
        mine = memberships[user_id]
        listed = () if self.is_group else self.participants
        mentions = self.unread_mentions(mine)
        return Conversation(
            id=self.conversation_id,
            type=self.type,
            title=self.title,
            description=self.description,
            context=self.context,
            state="closed" if self.closed else "open",
            posting=self.posting,
            slow_mode_s=self.slow_mode_s,
            shared_seq=self.shared_seq,
            role=self.role_of(user_id),
            members=[
                self.member(memberships[one], names.get(one), user_id, ()) for one in listed if one in memberships
            ],
            member_count=self.member_count,
            last_message=self.listed_for(mine, blocked),
            last_seq=self.last_seq,
            last_change_seq=self.last_change_seq,
            unread=self.unread(mine),
            unread_mentions=len(mentions),
            mention_seqs=mentions,
            read_seq=self.read_seq(mine),
            delivered_seq=self.delivered_seq(mine),
            settings=mine.settings,
            own_seq=mine.own_seq,
            archived=self.is_archived(mine),
            capabilities=self.capabilities(user_id),
            created_at=rfc3339(self.created_at_ms),
            last_activity_at=rfc3339(self.last_activity_ms),
        )
