"""The people whom messages and conversations name, in the order in which a screen needs them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar

import msgspec

from parley.domain.api.types import EVERYONE, Conversation, ListedMessage, Message, NamedUser
from parley.domain.conversations.events import (
    ConversationCreated,
    LiveEvent,
    MemberAdded,
    MemberRemoved,
    MessageChange,
    MessageNotification,
    NamingEvent,
    NewMessage,
)
from parley.domain.conversations.head import Head

if TYPE_CHECKING:  # each function that posts events imports this module; few catch up
    from parley.domain.conversations.sync import Missed

MAX_USERS_BYTES = 600_000  # of `users` in an answer, beside the 5.5 MB that a page may take (`history.py`)
MAX_FRAME_USERS_BYTES = 16_384  # of `users` in a frame, which holds 128 KB (API Gateway quotas); `sync` counts its own

Naming = TypeVar("Naming", bound=NamingEvent | LiveEvent)


def in_messages(messages: Iterable[Message]) -> Iterator[str]:
    """Yields the senders, then the people of system messages, then those who are mentioned.

    Not the first author of a forwarded message: the reader may not know them.
    """
    known = list(messages)
    yield from (message.sender_id for message in known)
    yield from (user_id for message in known if message.system is not None for user_id in message.system.user_ids)
    yield from (user_id for message in known for user_id in message.mentions if user_id != EVERYONE)


def in_conversations(conversations: Iterable[Conversation]) -> Iterator[str]:
    """Yields the members whom the conversations list, then the senders and the people of the last messages."""
    known = list(conversations)
    yield from (member.user_id for conversation in known for member in conversation.members)
    yield from _in_last(conversation.last_message for conversation in known)


def in_heads(heads: Iterable[Head]) -> Iterator[str]:
    """Yields the people whom conversations will name in a list: both of a direct one, and those of the last message."""
    for head in heads:
        yield from () if head.has_members else head.participants
        last = head.last_message
        if last is not None:
            yield last.sender_id
            yield from last.system.user_ids if last.system is not None else ()


def in_changes(changes: Iterable["Missed"]) -> Iterator[str]:
    """Yields the people whom missed changes name, and the senders of the changed messages."""
    for change in changes:
        told = change.data
        yield told["user_id"]
        yield from told.get("user_ids", ())
        yield from (told[name] for name in ("removed_id",) if name in told)
        ticket = told.get("ticket", {})
        yield from (ticket[name] for name in ("requester_id", "assignee_id") if ticket.get(name))
        yield from ((told["message"]["sender_id"], *told["message"]["mentions"]) if told.get("message") else ())


def in_event(event: NamingEvent | LiveEvent) -> Iterator[str]:
    """Yields the people whom an event names, first the one who acted.

    Not the owners, admins and muted people of a conversation: those are a part of its state, as long as its list of
    members (`GET .../members` names them).
    """
    actor = getattr(event, "user_id", None) or getattr(event, "from_user_id", None)
    yield from () if actor is None else (actor,)
    match event:
        case NewMessage() | MessageNotification() | MessageChange():
            yield from in_messages([event.message])
        case ConversationCreated():
            yield from in_conversations([event.conversation])
        case MemberAdded():
            yield from event.user_ids
        case MemberRemoved():
            yield event.removed_id
        case NamingEvent():
            yield from event.people()


def with_users(event: Naming, users: Mapping[str, NamedUser]) -> Naming:
    """Returns an event with those of the people whom it names that are known.

    Always the first of them, who acted. The others only as long as `users` takes no more bytes than the rest of the
    event, which may go to 500 members.
    """
    known = [(user_id, users[user_id]) for user_id in dict.fromkeys(in_event(event)) if user_id in users]
    if not known:
        return event
    left = min(len(msgspec.json.encode(event)), MAX_FRAME_USERS_BYTES)
    kept: dict[str, NamedUser] = {}
    for user_id, user in known:
        left -= entry_bytes(user_id, user)
        if kept and left < 0:
            break
        kept[user_id] = user
    return msgspec.structs.replace(event, users=kept)


def entry_bytes(user_id: str, user: NamedUser) -> int:
    """Returns the bytes that a person takes in `users` of an event: the comma in place of the braces."""
    return len(msgspec.json.encode({user_id: user})) - 1


def _in_last(messages: Iterable[ListedMessage | None]) -> Iterator[str]:
    for message in messages:
        if message is not None:
            yield message.sender_id
            yield from message.system.user_ids if message.system is not None else ()
