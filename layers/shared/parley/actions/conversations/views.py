"""Conversations as a member sees them."""

from collections.abc import Sequence

from parley.actions import access
from parley.actions.parallel import in_parallel
from parley.actions.viewer import reader_of
from parley.adapters.conversations import conversations
from parley.domain.api.request import Request
from parley.domain.api.types import Conversation
from parley.domain.conversations import listing
from parley.domain.conversations.head import Head
from parley.domain.conversations.views import view_conversation


def get_conversation(request: Request, conversation_id: str) -> Conversation:
    """Returns one of the caller's conversations; two round trips."""
    shown = view_conversations([access.access_conversation(request, conversation_id)], request.user_id)
    if not shown:  # removed in between
        raise access.no_conversation()
    return shown[0]


def view_conversations(heads: Sequence[Head], user_id: str, *, stale: bool = False) -> list[Conversation]:
    """Returns the conversations of these heads as a member sees them, without those that they have just lost.

    With `stale`, markers may be a moment old, also the member's own. One round trip: batches of 100 rows side by side.
    """
    if not heads:
        return []
    keys = [(member_id, head.conversation_id) for head in heads for member_id in listing.people_of(head, user_id)]
    reader, (memberships, names) = in_parallel(
        lambda: reader_of(user_id, heads),
        lambda: conversations.memberships_and_names(keys, stale_for=user_id if stale else None),
    )
    return [
        view_conversation(
            head,
            reader,
            {
                member_id: memberships[member_id, head.conversation_id]
                for member_id in listing.people_of(head, user_id)
                if (member_id, head.conversation_id) in memberships
            },
            names,
        )
        for head in heads
        if (user_id, head.conversation_id) in memberships
    ]
