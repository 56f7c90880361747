"""Every event that Parley pushes, one class each. `client_model.py` shows how a client applies them."""

from collections.abc import Iterable
from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from parley.domain.api.custom_data import from_compact
from parley.domain.api.types import (
    Attachment,
    CallReason,
    Conversation,
    GroupRole,
    Media,
    Message,
    NamedUser,
    NewcomersSee,
    Posting,
    Settings,
    Signal,
    State,
    SuspensionScope,
    UserStatus,
)
from parley.domain.api.warning import OwnWarning
from parley.domain.conversations import rights
from parley.domain.conversations.head import Head, Membership
from parley.domain.conversations.message import PREVIEW_CHARACTERS
from parley.domain.conversations.reports import FiledReport
from parley.domain.conversations.steps import Change


class Event(Struct, frozen=True, kw_only=True):
    """The root: `name` is the frame's `event`, the fields are its `data`."""

    name: ClassVar[str]


def encode(event: Event) -> bytes:
    """Returns the frame of an event as it goes over the socket; encoded once, sent to all."""
    return msgspec.json.encode({"type": "event", "event": event.name, "data": event})


class ContentEvent(Event, frozen=True, kw_only=True):
    """Events that members share: messages, changes, the conversation itself.

    A fresh read shows the same to each of them.
    """

    def frame(self) -> bytes:
        """Returns the frame as it goes over the socket."""
        return encode(self)


class NamingEvent(ContentEvent, frozen=True, kw_only=True):
    """Content events that name people; `users` has them as far as `named.with_users` lets them in."""

    users: dict[str, NamedUser] = {}

    def people(self) -> Iterable[str]:
        """Returns the people whom the event's own fields name, besides the one who acted."""
        return ()


class LiveEvent(Event, frozen=True, kw_only=True):
    """Says that a person is there, or tells something of them that a block hides.

    `users` has that person if their own request is the reason.

    Only an `Audience` (`visibility.py`) has its frames, for the people who may know it.
    """

    users: dict[str, NamedUser] = {}

    @property
    def frame_bytes(self) -> int:
        """Returns the frame's length in bytes."""
        return len(encode(self))


def kinds(root: type[Event] = Event) -> list[type[Event]]:
    """Returns the class of every event."""
    return [
        kind for event in root.__subclasses__() for kind in ([event] if hasattr(event, "name") else []) + kinds(event)
    ]


class NewMessage(NamingEvent, frozen=True, kw_only=True):
    """A user has written, perhaps the reader: in full, to devices that have joined the conversation."""

    name = "new_message"
    conversation_id: str
    message: Message


class MessageNotification(NamingEvent, frozen=True, kw_only=True):
    """The same to devices that have not joined it: the message, its text cut to a preview."""

    name = "message_notification"
    conversation_id: str
    message: Message

    @classmethod
    def of(cls, message: Message) -> "MessageNotification":
        """Returns the event that tells of a message."""
        cut = msgspec.structs.replace(message, text=message.text[:PREVIEW_CHARACTERS])
        return cls(conversation_id=message.conversation_id, message=cut)


class MessageChange(NamingEvent, frozen=True, kw_only=True):
    """A message has changed: `message` is its present state, so of several events the greatest `change_seq` counts.

    Whole, also for devices that have not joined the conversation: they may show messages that they read before. Whether
    a reaction is the reader's own (`mine`) differs by reader and is not part of the event.
    """

    conversation_id: str
    change_seq: int
    message_id: str
    user_id: str  # the user who changed it
    message: Message


class MessageUpdated(MessageChange, frozen=True, kw_only=True):
    """A message was edited, pinned or unpinned, or a moderator has restored it."""

    name = "message_updated"


class MessageDeleted(MessageChange, frozen=True, kw_only=True):
    """A message was deleted, for everyone or, in the reader's own view, for `me`."""

    name = "message_deleted"
    scope: str = "everyone"


class ReactionAdded(MessageChange, frozen=True, kw_only=True):
    """A user has reacted to a message."""

    name = "reaction_added"
    emoji: str


class ReactionRemoved(MessageChange, frozen=True, kw_only=True):
    """A user has taken a reaction back."""

    name = "reaction_removed"
    emoji: str


class UserTyping(LiveEvent, frozen=True, kw_only=True):
    """A member is typing, until `expires_at` unless another such event comes."""

    name = "user_typing"
    conversation_id: str
    user_id: str
    expires_at: str


class UserStoppedTyping(LiveEvent, frozen=True, kw_only=True):
    """A member has stopped typing."""

    name = "user_stopped_typing"
    conversation_id: str
    user_id: str


class MessageDelivered(LiveEvent, frozen=True, kw_only=True):
    """A member's devices have received everything up to `seq`."""

    name = "message_delivered"
    conversation_id: str
    message_id: str
    seq: int
    user_id: str
    delivered_at: str


class MessageRead(LiveEvent, frozen=True, kw_only=True):
    """A member has read everything up to `seq`."""

    name = "message_read"
    conversation_id: str
    message_id: str
    seq: int
    user_id: str
    read_at: str


class MessagePlayed(LiveEvent, frozen=True, kw_only=True):
    """A member has played a voice message for the first time."""

    name = "message_played"
    conversation_id: str
    message_id: str
    user_id: str
    played_at: str


class ConversationRead(LiveEvent, frozen=True, kw_only=True):
    """A member has read the whole conversation, which ended at `seq`."""

    name = "conversation_read"
    conversation_id: str
    seq: int
    user_id: str
    read_at: str


class UserStatusChange(LiveEvent, frozen=True, kw_only=True):
    """A user with whom you share a direct conversation came online or left. `online` holds until `expires_at` only."""

    name = "user_status_change"
    user_id: str
    status: str
    last_seen: str | None
    expires_at: str | None

    @classmethod
    def of(cls, status: UserStatus) -> "UserStatusChange":
        """Returns the event that tells of a status."""
        return cls(**msgspec.structs.asdict(status))


class UserUpdated(LiveEvent, frozen=True, kw_only=True):
    """A user's name, role, picture or `metadata` have changed, perhaps your own; `users` has the user as they are now.

    Of two versions of a user the one with the greater `profile_seq` counts.
    """

    name = "user_updated"
    user_id: str
    users: dict[str, NamedUser]


class UserJoinedConversation(LiveEvent, frozen=True, kw_only=True):
    """A member has opened the conversation on one device."""

    name = "user_joined_conversation"
    conversation_id: str
    user_id: str


class UserLeftConversation(LiveEvent, frozen=True, kw_only=True):
    """A member has closed the conversation on one device."""

    name = "user_left_conversation"
    conversation_id: str
    user_id: str


class BlockChanged(ContentEvent, frozen=True, kw_only=True):
    """You have blocked a user on another device, or unblocked them: mark their messages in groups.

    Of two about the same person, and of a list as of a time, the later `at` counts.
    """

    name = "block_changed"
    user_id: str
    blocked: bool
    at: str


class AttachmentUpdated(ContentEvent, frozen=True, kw_only=True):
    """An upload of yours was scanned, is being scanned, or was deleted unsent: `attachment` is as it is now.

    A state never goes back (pending, scanning, then any other, expired last), so of two events the one further on
    counts. No event comes when the form of an upload ends: watch `upload.expires_at`. The event with `expired` comes
    when the attachment is deleted, after 24 hours or by its uploader, and has no name.
    """

    name = "attachment_updated"
    attachment: Attachment


class Suspended(ContentEvent, frozen=True, kw_only=True):
    """You were suspended, to your own devices; with the scope `all` they are closed after it."""

    name = "suspended"
    until: str
    reason: str
    scope: SuspensionScope


class SuspensionLifted(ContentEvent, frozen=True, kw_only=True):
    """Your suspension was lifted before its end, to your own devices."""

    name = "suspension_lifted"
    at: str


class Warned(ContentEvent, frozen=True, kw_only=True):
    """A moderator has warned you, to your own devices; `GET /me` has the warning, too."""

    name = "warned"
    warning: OwnWarning


class ReportUpdated(ContentEvent, frozen=True, kw_only=True):
    """A moderator has decided a report of yours, to your own devices: `report` is as it is now."""

    name = "report_updated"
    report: FiledReport


class ConversationCreated(NamingEvent, frozen=True, kw_only=True):
    """A conversation has been opened: to each member, as that member sees it."""

    name = "conversation_created"
    conversation_id: str
    conversation: Conversation


class CallSignal(LiveEvent, frozen=True, kw_only=True):
    """A signal of a call for this device: another user's, or a `hang_up` if time or a lost device ended it.

    An offer that rings has `rings_until`; a `hang_up` has its `reason`.
    """

    name = "call_signal"
    conversation_id: str
    call_id: str
    signal: Signal
    from_user_id: str | None
    from_connection_id: str | None
    media: Media
    payload: str | None = None
    reason: CallReason | None = None
    rings_until: str | None = None
    at: str


class Shared(Struct, frozen=True, kw_only=True):
    """The part of a conversation that all members see alike, whole: of several the greatest `shared_seq` counts.

    A user who is neither owner nor admin is a member; `capabilities` by role; of a user in `muted_ids`
    by `muted_` and the role.
    """

    shared_seq: int
    title: str | None
    description: str | None
    state: State
    posting: Posting
    slow_mode_s: int
    history: NewcomersSee
    custom_type: str | None
    metadata: dict[str, Any] | None
    member_count: int
    owner_ids: list[str]
    admin_ids: list[str]
    muted_ids: list[str]
    capabilities: dict[str, list[str]]

    @classmethod
    def of(cls, head: Head) -> "Shared":
        """Returns the shared part of a head."""
        return cls(
            shared_seq=head.shared_seq,
            title=head.title,
            description=head.description,
            state="closed" if head.closed else "open",
            posting=head.posting,
            slow_mode_s=head.slow_mode_s,
            history=head.history,
            custom_type=head.custom_type,
            metadata=from_compact(head.metadata),
            member_count=head.member_count,
            owner_ids=list(head.owner_ids),
            admin_ids=list(head.admin_ids),
            muted_ids=list(head.muted_ids),
            capabilities={role: rights.capabilities(head, role) for role in rights.roles(head)},
        )

    def role_of(self, user_id: str) -> GroupRole:
        """Returns a member's role."""
        return "owner" if user_id in self.owner_ids else "admin" if user_id in self.admin_ids else "member"


class Own(Struct, frozen=True, kw_only=True):
    """A person's own settings; archived until a message comes after `last_seq`.

    They see no message before `visible_from_seq`: forget those. `unread_from_seq` holds while the person's read marker
    is at `read_seq`.
    """

    own_seq: int
    settings: Settings
    archived: bool
    last_seq: int
    visible_from_seq: int
    read_seq: int
    unread_from_seq: int | None

    @classmethod
    def of(cls, head: Head, mine: Membership) -> "Own":
        """Returns a member's own part of a conversation."""
        return cls(
            own_seq=mine.own_seq,
            settings=mine.settings,
            archived=head.is_archived(mine),
            last_seq=head.last_seq,
            visible_from_seq=head.visible_from_seq(mine.user_id, mine),
            read_seq=head.read_seq(mine),
            unread_from_seq=head.unread_from_seq(mine),
        )


class ConversationUpdated(NamingEvent, frozen=True, kw_only=True):
    """A conversation has changed: for all (`shared`), or by your own settings (`own`)."""

    name = "conversation_updated"
    conversation_id: str
    user_id: str  # the user who changed it
    change_seq: int | None = None
    shared: Shared | None = None
    own: Own | None = None


class MemberAdded(NamingEvent, frozen=True, kw_only=True):
    """People have come into a group."""

    name = "member_added"
    conversation_id: str
    change_seq: int
    user_id: str  # the user who added them
    user_ids: list[str]  # the people who came
    shared: Shared


class MemberRemoved(NamingEvent, frozen=True, kw_only=True):
    """A user has left a group or was removed from it. If that is the reader, the group sends them nothing more."""

    name = "member_removed"
    conversation_id: str
    change_seq: int
    user_id: str  # the user who removed them
    removed_id: str
    shared: Shared


def of_change(change: Change, head: Head, message: Message | None) -> NamingEvent:
    """Returns the event of an entry of the change log, with its subject as that is now."""
    if message is None:
        return _of_conversation(change, head)
    told: dict[str, Any] = {
        "conversation_id": head.conversation_id,
        "change_seq": change.change_seq,
        "message_id": message.id,
        "user_id": change.user_id,
        "message": message,
    }
    match change.kind:
        case "reaction_added":
            return ReactionAdded(**told, emoji=change.emoji or "")
        case "reaction_removed":
            return ReactionRemoved(**told, emoji=change.emoji or "")
        case "message_deleted":
            return MessageDeleted(**told, scope="everyone" if change.for_user_id is None else "me")
    return MessageUpdated(**told)


def _of_conversation(change: Change, head: Head) -> NamingEvent:
    told: dict[str, Any] = {
        "conversation_id": head.conversation_id,
        "change_seq": change.change_seq,
        "user_id": change.user_id,
        "shared": Shared.of(head),
    }
    match change.kind:
        case "member_added":
            return MemberAdded(**told, user_ids=list(change.user_ids))
        case "member_removed":
            return MemberRemoved(**told, removed_id=change.user_ids[0])
    return ConversationUpdated(**told)
