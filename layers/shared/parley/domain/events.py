"""Every event that Parley pushes, one class each, and what a client makes of it.

`apply` turns an old snapshot into a new one.
"""

from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from parley.domain.stored import PREVIEW_CHARACTERS
from parley.domain.types import CallReason, Conversation, Media, Message, MessagePreview, Signal, Status


class Event(Struct, frozen=True, kw_only=True):
    """The root: `name` is what stands under `event` in the frame, the fields are its `data`."""

    name: ClassVar[str]

    def frame(self) -> bytes:
        """Returns the frame as it goes over the socket; encoded once, sent to all."""
        return msgspec.json.encode({"type": "event", "event": self.name, "data": self})


class NewMessage(Event, frozen=True, kw_only=True):
    """Somebody has written, you or another: in full, to devices that have joined the conversation."""

    name = "new_message"
    conversation_id: str
    message: Message


class MessageNotification(Event, frozen=True, kw_only=True):
    """The same to devices that have not joined it: the message, its text cut to a preview."""

    name = "message_notification"
    conversation_id: str
    message: Message

    @classmethod
    def of(cls, message: Message) -> "MessageNotification":
        """Returns the event that tells of a message."""
        cut = msgspec.structs.replace(message, text=message.text[:PREVIEW_CHARACTERS])
        return cls(conversation_id=message.conversation_id, message=cut)


class UserTyping(Event, frozen=True, kw_only=True):
    """A member is typing, until `expires_at` unless another such event comes."""

    name = "user_typing"
    conversation_id: str
    user_id: str
    expires_at: str


class UserStoppedTyping(Event, frozen=True, kw_only=True):
    """A member is typing no more."""

    name = "user_stopped_typing"
    conversation_id: str
    user_id: str


class MessageDelivered(Event, frozen=True, kw_only=True):
    """A member's devices have everything up to `seq`."""

    name = "message_delivered"
    conversation_id: str
    message_id: str
    seq: int
    user_id: str
    delivered_at: str


class MessageRead(Event, frozen=True, kw_only=True):
    """A member has read everything up to `seq`."""

    name = "message_read"
    conversation_id: str
    message_id: str
    seq: int
    user_id: str
    read_at: str


class ConversationRead(Event, frozen=True, kw_only=True):
    """A member has read the whole conversation, which ended at `seq`."""

    name = "conversation_read"
    conversation_id: str
    seq: int
    user_id: str
    read_at: str


class UserStatusChange(Event, frozen=True, kw_only=True):
    """Somebody with whom you share a direct conversation has come, or gone. `online` holds until `expires_at` only."""

    name = "user_status_change"
    user_id: str
    status: str
    last_seen: str | None
    expires_at: str | None

    @classmethod
    def of(cls, status: Status) -> "UserStatusChange":
        """Returns the event that tells of a status."""
        return cls(**msgspec.structs.asdict(status))


class UserJoinedConversation(Event, frozen=True, kw_only=True):
    """A member has opened the conversation on one device."""

    name = "user_joined_conversation"
    conversation_id: str
    user_id: str


class UserLeftConversation(Event, frozen=True, kw_only=True):
    """A member has closed the conversation on one device."""

    name = "user_left_conversation"
    conversation_id: str
    user_id: str


class ConversationCreated(Event, frozen=True, kw_only=True):
    """A conversation has been opened: to each member, as that member sees it."""

    name = "conversation_created"
    conversation_id: str
    conversation: Conversation


class CallSignal(Event, frozen=True, kw_only=True):
    """A signal of a call for this device: somebody's, or a `hang_up` from nobody where time or a lost device ended it.

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


def apply(event: Event, conversation: Conversation, viewer_id: str) -> Conversation:
    """Returns what a client that shows `conversation` to `viewer_id` shows after `event`: the same as a fresh read.

    Events may come twice or out of order; what is known already changes nothing.
    """
    changed: dict[str, Any] = {}
    match event:
        case NewMessage() | MessageNotification():
            changed = _with_message(event.message, conversation, viewer_id)
        case MessageRead() | ConversationRead():
            changed = _with_markers(conversation, viewer_id, event.user_id, read_seq=event.seq)
        case MessageDelivered():
            changed = _with_markers(conversation, viewer_id, event.user_id, delivered_seq=event.seq)
    return msgspec.structs.replace(conversation, **changed)


def _with_message(message: Message, conversation: Conversation, viewer_id: str) -> dict[str, Any]:
    if message.seq <= conversation.last_seq:
        # Late: a newer one is shown already, but that its sender had read so far is news all the same.
        return _with_markers(conversation, viewer_id, message.sender_id, read_seq=message.seq)
    preview = MessagePreview(
        id=message.id,
        seq=message.seq,
        sender_id=message.sender_id,
        kind=message.kind,
        text=message.text[:PREVIEW_CHARACTERS],
        created_at=message.created_at,
    )
    grown = msgspec.structs.replace(
        conversation, last_seq=message.seq, last_message=preview, last_activity_at=message.created_at
    )
    return {
        "last_seq": message.seq,
        "last_message": preview,
        "last_activity_at": message.created_at,
        # Who writes has read: the sender's marker moves without an event of its own.
        **_with_markers(grown, viewer_id, message.sender_id, read_seq=message.seq),
    }


def _with_markers(
    conversation: Conversation, viewer_id: str, user_id: str, read_seq: int = 0, delivered_seq: int = 0
) -> dict[str, Any]:
    members = [
        msgspec.structs.replace(
            member,
            read_seq=max(member.read_seq, read_seq),
            delivered_seq=max(member.delivered_seq, read_seq, delivered_seq),
        )
        if member.user_id == user_id
        else member
        for member in conversation.members
    ]
    mine = next(member for member in members if member.user_id == viewer_id)
    return {
        "members": members,
        "read_seq": mine.read_seq,
        "delivered_seq": mine.delivered_seq,
        "unread": max(0, conversation.last_seq - mine.read_seq),  # the marker may come before the message
    }
