"""The people who reacted to a message."""

from typing import Annotated

from msgspec import Meta, Struct

from parley.actions import access, named
from parley.adapters.conversations import conversations, personal_marks
from parley.domain.api import cursors
from parley.domain.api.request import Request
from parley.domain.api.requests import MAX_PAGE, ListReactions
from parley.domain.api.times import rfc3339
from parley.domain.api.types import NamedUser
from parley.domain.conversations import change_steps
from parley.domain.conversations.message import StoredMessage


class PersonReaction(Struct, frozen=True, kw_only=True):
    """One person's reaction to a message."""

    user_id: str
    emoji: str
    reacted_at: str


class ReactionList(Struct, frozen=True, kw_only=True):
    """A page of the reactions to a message, by user id."""

    reactions: list[PersonReaction]
    next: str | None
    users: dict[str, NamedUser]


class _Position(Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True):
    """The last member that was looked at, and the number of reactions found until then."""

    user_id: Annotated[str, Meta(min_length=1, max_length=128)]
    found: Annotated[int, Meta(ge=0)]


def list_reactions(request: Request, message_id: str, query: ListReactions) -> ReactionList:
    """Returns the reactions of a page of members: as many as `limit`, and `MAX_PAGE` reactions at most.

    A page of a group can hold few or none, and another follow. The last one is known once all that the message counts
    are found. Those who have left the group are counted, and not listed.

    Three round trips; one more for the members of a large group.
    """
    position = cursors.decode(query.cursor, _Position)
    head, message = access.access_message(request, message_id)
    wanted = _emojis(message, query.emoji)
    if not wanted:
        return ReactionList(reactions=[], next=None, users={})
    size = min(query.limit, MAX_PAGE // len(wanted))  # so many units at most
    people = conversations.members_behind(head, size + 1, position.user_id if position else None)
    at_ms = personal_marks.reactions_to(head.conversation_id, people[:size], message.seq, wanted)
    found = (position.found if position else 0) + len(at_ms)
    is_last = len(people) <= size or found >= sum(message.reactions[emoji].count for emoji in wanted)
    return ReactionList(
        reactions=[
            PersonReaction(user_id=user_id, emoji=emoji, reacted_at=rfc3339(at_ms[user_id, emoji]))
            for user_id in people[:size]
            for emoji in wanted
            if (user_id, emoji) in at_ms
        ],
        next=None if is_last else cursors.encode(_Position(user_id=people[size - 1], found=found)),
        users=named.users(request, (user_id for user_id, _ in at_ms)),
    )


def _emojis(message: StoredMessage, emoji: str | None) -> list[str]:
    """Returns the emojis that a message has, in the order in which they came: all, or the one that is asked for."""
    if emoji is not None:
        normal = change_steps.check_emoji(emoji, "?emoji")
        return [normal] if normal in message.reactions else []
    return sorted(message.reactions, key=lambda one: (message.reactions[one].since, one))
