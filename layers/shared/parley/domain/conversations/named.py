"""The people whom messages and conversations name, in the order in which a screen needs them."""

from collections.abc import Iterable, Iterator

from parley.domain.api.types import EVERYONE, Conversation, ListedMessage, Message
from parley.domain.conversations.head import Head
from parley.domain.conversations.sync import Missed

MAX_USERS_BYTES = 600_000  # of `users` in an answer, beside the 5.5 MB that a page may take (`history.py`)


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
        yield from () if head.is_group else head.participants
        last = head.last_message
        if last is not None:
            yield last.sender_id
            yield from last.system.user_ids if last.system is not None else ()


def in_changes(changes: Iterable[Missed]) -> Iterator[str]:
    """Yields the people whom missed changes name, and the senders of the changed messages."""
    for change in changes:
        told = change.data
        yield told["user_id"]
        yield from told.get("user_ids", ())
        yield from (told[name] for name in ("removed_id",) if name in told)
        yield from ((told["message"]["sender_id"], *told["message"]["mentions"]) if told.get("message") else ())


def _in_last(messages: Iterable[ListedMessage | None]) -> Iterator[str]:
    for message in messages:
        if message is not None:
            yield message.sender_id
            yield from message.system.user_ids if message.system is not None else ()
