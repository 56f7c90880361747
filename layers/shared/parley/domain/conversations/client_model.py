"""The reference model of a client that applies events. The tests compare it with a fresh read.

`apply` turns an old snapshot of a conversation into a new one, `apply_to_message` that of a message,
`apply_to_attachment` that of an upload, and `apply_to_users` the client's map of users. No handler imports this module.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from parley.domain.api.types import EVERYONE, Attachment, AttachmentState, Conversation, Message, NamedUser, Reaction
from parley.domain.conversations.events import (
    AttachmentUpdated,
    ConversationRead,
    ConversationUpdated,
    Event,
    MemberAdded,
    MemberRemoved,
    MessageChange,
    MessageDeleted,
    MessageDelivered,
    MessageNotification,
    MessageRead,
    MessageUpdated,
    NewMessage,
    ReactionAdded,
    ReactionRemoved,
)
from parley.domain.conversations.message import as_listed, preview_of

SHARED_FIELDS = (
    "shared_seq",
    "title",
    "description",
    "state",
    "posting",
    "slow_mode_s",
    "history",
    "custom_type",
    "metadata",
    "member_count",
)
# The order of states: the higher number counts. `clean`, `rejected` and `infected` exclude each other.
_STAGES: dict[AttachmentState, int] = {
    "pending": 0,
    "scanning": 1,
    "clean": 2,
    "rejected": 2,
    "infected": 2,
    "expired": 3,
}


def apply(event: Event, conversation: Conversation, viewer_id: str) -> Conversation:
    """Returns `conversation` as a client shows it to `viewer_id` after `event`: the same as a fresh read.

    Events may come twice or out of order; a known event changes nothing. If the viewer deletes the message that the
    conversation shows, `last_message` is None: the client reads the one before it. Of a message's changes, and of the
    message itself if it comes late, the client passes the newest that it holds (`change_seq`).
    """
    changed: dict[str, Any] = {}
    match event:
        case NewMessage() | MessageNotification():
            changed = _with_message(event.message, conversation, viewer_id)
        case MessageRead() | ConversationRead():
            changed = _with_markers(conversation, viewer_id, event.user_id, read_seq=event.seq)
        case MessageDelivered():
            changed = _with_markers(conversation, viewer_id, event.user_id, delivered_seq=event.seq)
        case MessageChange():
            changed = _with_change(event, conversation, viewer_id)
        case ConversationUpdated() | MemberAdded() | MemberRemoved():
            changed = _with_conversation(event, conversation, viewer_id)
    return msgspec.structs.replace(conversation, **changed)


def apply_to_message(event: MessageChange, message: Message, viewer_id: str) -> Message:
    """Returns `message` as a client shows it to `viewer_id` after `event`.

    An older event changes nothing, except that a deletion counts whenever it comes: a message that was deleted, for
    everyone or for the viewer, stays deleted. Only what a moderator has removed comes back, by a later
    `message_updated`. Only the viewer's own reactions change `mine`. No change of a message changes whether the
    viewer has blocked its sender.
    """
    change_seq = max(message.change_seq, event.message.change_seq)
    kept: dict[str, Any] = {"blocked": message.blocked, "hidden": message.hidden or event.message.hidden}
    is_for_all = isinstance(event, MessageDeleted) and event.scope == "everyone"
    is_later = event.change_seq > message.change_seq
    is_restored = isinstance(event, MessageUpdated) and message.removed and is_later and not kept["hidden"]
    if message.deleted_at is not None and not is_for_all and not is_restored:
        return msgspec.structs.replace(message, change_seq=change_seq, **kept)
    if isinstance(event, MessageDeleted):
        return msgspec.structs.replace(event.message, change_seq=change_seq, **kept)
    if not is_later:
        return message
    mine = {reaction.emoji for reaction in message.reactions if reaction.mine}
    if isinstance(event, ReactionAdded) and event.user_id == viewer_id:
        mine.add(event.emoji)
    if isinstance(event, ReactionRemoved) and event.user_id == viewer_id:
        mine.discard(event.emoji)
    reactions = [
        Reaction(reaction.emoji, reaction.count, reaction.emoji in mine) for reaction in event.message.reactions
    ]
    return msgspec.structs.replace(event.message, reactions=reactions, **kept)


def apply_to_attachment(event: AttachmentUpdated, attachment: Attachment) -> Attachment:
    """Returns the client's own upload after `event`, whatever the order of events: no state goes back."""
    if event.attachment.id != attachment.id or _STAGES[event.attachment.state] <= _STAGES[attachment.state]:
        return attachment
    return event.attachment


def apply_to_users(told: Mapping[str, NamedUser], users: Mapping[str, NamedUser]) -> dict[str, NamedUser]:
    """Returns the client's map of users after the `users` of an answer or an event, whatever came first.

    Of two versions of a user the one with the greater `profile_seq` counts.
    """
    newer = {
        user_id: user
        for user_id, user in told.items()
        if user_id not in users or user.profile_seq > users[user_id].profile_seq
    }
    return {**users, **newer}


def _with_change(event: MessageChange, conversation: Conversation, viewer_id: str) -> dict[str, Any]:
    changed: dict[str, Any] = {"last_change_seq": max(conversation.last_change_seq, event.change_seq)}
    hidden = event.message.hidden  # nothing in it changes the viewer's own part
    if not hidden:
        changed |= _with_mention(event.message, conversation, viewer_id)
    last = conversation.last_message
    if last is not None and last.seq == event.message.seq:
        if hidden:
            changed["last_message"] = None
        elif event.change_seq > last.change_seq:
            changed["last_message"] = as_listed(preview_of(event.message), blocked=last.blocked)
    return changed


def _with_conversation(
    event: ConversationUpdated | MemberAdded | MemberRemoved, conversation: Conversation, viewer_id: str
) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    if event.change_seq is not None:
        changed["last_change_seq"] = max(conversation.last_change_seq, event.change_seq)
    own = event.own if isinstance(event, ConversationUpdated) else None
    if own is not None and own.own_seq > conversation.own_seq:
        archived = own.archived and own.last_seq >= conversation.last_seq
        changed |= _with_markers(conversation, viewer_id, viewer_id, read_seq=own.read_seq)
        unread_from = own.unread_from_seq if changed["read_seq"] == own.read_seq else None
        changed |= {"own_seq": own.own_seq, "settings": own.settings, "archived": archived}
        changed |= {"visible_from_seq": own.visible_from_seq, "unread_from_seq": unread_from}
        changed |= _with_horizon(msgspec.structs.replace(conversation, **changed))
    shared = event.shared
    if shared is not None and shared.shared_seq > conversation.shared_seq:
        role = shared.role_of(viewer_id)
        fields = {name: getattr(shared, name) for name in SHARED_FIELDS}
        held = f"muted_{role}" if viewer_id in shared.muted_ids else role
        changed |= fields | {"role": role, "capabilities": shared.capabilities[held]}
    return changed


def _with_horizon(conversation: Conversation) -> dict[str, Any]:
    """Returns what the viewer has of a conversation whose messages before `visible_from_seq` they do not see."""
    visible_from_seq, unread_from = conversation.visible_from_seq, conversation.unread_from_seq
    mentions = [seq for seq in conversation.mention_seqs if seq >= visible_from_seq]
    last = conversation.last_message
    return {
        "last_message": last if last is not None and last.seq >= visible_from_seq else None,
        "unread": _unread(conversation.last_seq, conversation.read_seq, unread_from, visible_from_seq),
        "mention_seqs": mentions,
        "unread_mentions": len(mentions),
    }


def _with_mention(message: Message, conversation: Conversation, viewer_id: str) -> dict[str, Any]:
    """Returns the unread mentions after a message that has come, early or late, or has changed."""
    named = {viewer_id, EVERYONE} & set(message.mentions) and message.sender_id != viewer_id
    others = set(conversation.mention_seqs) - {message.seq}
    settled_seq = max(conversation.read_seq, conversation.visible_from_seq - 1)
    seqs = others | {message.seq} if named and message.seq > settled_seq else others
    return {"mention_seqs": sorted(seqs), "unread_mentions": len(seqs)}


def _with_message(message: Message, conversation: Conversation, viewer_id: str) -> dict[str, Any]:
    changed = _with_mention(message, conversation, viewer_id)
    if message.seq > conversation.last_seq:
        changed |= {
            "last_seq": message.seq,
            "last_message": None if message.hidden else as_listed(preview_of(message), blocked=message.blocked),
            "last_activity_at": message.created_at,
            "archived": False,
        }
    # A sender has read: the marker moves without an event of its own, even if the message comes late. But not if the
    # host's own server wrote the message in the sender's name.
    grown = msgspec.structs.replace(conversation, **changed)
    read_seq = message.seq if message.via is None else 0
    return changed | _with_markers(grown, viewer_id, message.sender_id, read_seq=read_seq)


def _with_markers(
    conversation: Conversation, viewer_id: str, user_id: str, read_seq: int = 0, delivered_seq: int = 0
) -> dict[str, Any]:
    members = [
        msgspec.structs.replace(
            member,
            read_seq=max(member.read_seq or 0, read_seq),
            delivered_seq=max(member.delivered_seq or 0, read_seq, delivered_seq),
        )
        if member.user_id == user_id
        else member
        for member in conversation.members
    ]
    is_mine = user_id == viewer_id
    own_read_seq = max(conversation.read_seq, read_seq if is_mine else 0)
    own_delivered_seq = max(conversation.delivered_seq, own_read_seq, delivered_seq if is_mine else 0)
    mentions = [seq for seq in conversation.mention_seqs if seq > own_read_seq]
    # A read ends the mark "unread", on whatever device.
    unread_from = conversation.unread_from_seq if own_read_seq == conversation.read_seq else None
    return {
        "members": members,
        "read_seq": own_read_seq,
        "delivered_seq": own_delivered_seq,
        "unread": _unread(conversation.last_seq, own_read_seq, unread_from, conversation.visible_from_seq),
        "unread_from_seq": unread_from,
        "mention_seqs": mentions,
        "unread_mentions": len(mentions),
    }


def _unread(last_seq: int, read_seq: int, unread_from: int | None, visible_from_seq: int) -> int:
    seen_seq = read_seq if unread_from is None else min(read_seq, unread_from - 1)
    return max(0, last_seq - max(seen_seq, visible_from_seq - 1))  # the marker may come before the message
