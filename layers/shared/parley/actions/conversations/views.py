"""Conversations as a member sees them."""

from collections.abc import Mapping, Sequence

from parley.actions import access, named
from parley.actions.conversations.earlier import with_earlier
from parley.actions.named import Known
from parley.actions.parallel import in_parallel
from parley.actions.viewer import reader_of
from parley.adapters.conversations import conversations
from parley.domain.api.identity import HOST_SENDER
from parley.domain.api.request import Request
from parley.domain.api.types import Conversation, ConversationAnswer
from parley.domain.conversations import listing
from parley.domain.conversations.head import Head, Membership
from parley.domain.conversations.message import Reader
from parley.domain.conversations.named import in_heads
from parley.domain.conversations.views import view_conversation


def get_conversation(request: Request, conversation_id: str) -> ConversationAnswer:
    """Returns one of the caller's conversations; two round trips, three for the host's own server."""
    request, head = access.access_to_read(request, conversation_id, "conversation")
    if request.acts_as is not None:
        return answer_for_host(request, head)
    return answer(request, head)


def answer(request: Request, head: Head, mine: Membership | None = None) -> ConversationAnswer:
    """Returns a conversation as the caller sees it, with the people whom it names; one round trip.

    `mine` is the caller's own side, if it is known.
    """
    own = None if mine is None else {head.conversation_id: mine}
    shown, known = view_and_name([head], request.user_id, own=own)
    if not shown and head.is_desks:  # an agent who is not in it
        newcomer = {request.user_id: head.newcomer(request.user_id)}
        shown = [view_conversation(head, reader_of(request.user_id, [head]), newcomer, {})]
    if not shown:  # removed in between
        raise access.no_conversation()
    return named.of_conversation(request, shown[0], known)


def answer_for_host(request: Request, head: Head, users: named.Users | None = None) -> ConversationAnswer:
    """Returns a conversation as the host's own server sees it, which is not in it; one round trip.

    None for a group if `users` has the people whom it names. The host has read everything, and its settings are those
    of a newcomer.
    """
    keys = [] if head.has_members else [(user_id, head.conversation_id) for user_id in head.participants]
    found, known = conversations.memberships_and_users(keys) if keys else ({}, users or {})
    sides = {user_id: side for (user_id, _), side in found.items()}
    host = Reader(user_id=HOST_SENDER, blocked=frozenset())
    shown = view_conversation(head, host, sides | {HOST_SENDER: head.newcomer(HOST_SENDER)}, known)
    return named.of_conversation(request, shown, Known.of(known))


def view_and_name(
    heads: Sequence[Head], user_id: str, *, stale: bool = False, own: Mapping[str, Membership] | None = None
) -> tuple[list[Conversation], Known]:
    """Returns the conversations of these heads as a member sees them, without those that they have just lost.

    And the people whom they name. With `stale`, markers may be a moment old, also the member's own. `own` has the
    member's memberships by conversation, if they were read already. One round trip: batches of 100 rows side by side.
    One more if they have deleted the last message of one for themselves.
    """
    if not heads:
        return [], Known()
    known = {(user_id, conversation_id): mine for conversation_id, mine in (own or {}).items()}
    keys = [(member_id, head.conversation_id) for head in heads for member_id in listing.people_of(head, user_id)]
    people = set(in_heads(heads))
    reader, (memberships, users) = in_parallel(
        lambda: reader_of(user_id, heads),
        lambda: conversations.memberships_and_users(
            keys, known=known, stale_for=user_id if stale else None, named=people
        ),
    )
    memberships |= known
    mine = {(user_id, head.conversation_id): head for head in heads if (user_id, head.conversation_id) in memberships}
    shown, beside = with_earlier({key: (head, memberships[key]) for key, head in mine.items()}, people)
    memberships |= shown
    views = [
        view_conversation(
            head,
            reader,
            {
                member_id: memberships[member_id, head.conversation_id]
                for member_id in listing.people_of(head, user_id)
                if (member_id, head.conversation_id) in memberships
            },
            users,
        )
        for head in heads
        if (user_id, head.conversation_id) in memberships
    ]
    return views, Known(people, users) | beside
