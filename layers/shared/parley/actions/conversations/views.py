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
    """Returns one conversation of the caller; two round trips."""
    shown = view_conversations([access.access_conversation(request, conversation_id)], request.user_id)
    if not shown:  # removed in between
        raise access.no_conversation()
    return shown[0]


def view_conversations(heads: Sequence[Head], user_id: str, *, stale: bool = False) -> list[Conversation]:
    """Returns the conversations of these heads as a member sees them; those that they have just lost are left out.

    With `stale` markers may be a moment old, the member's own too. One round trip for up to 100 rows, more at once.
    """
    if not heads:
        return []
    keys = [(one, head.conversation_id) for head in heads for one in listing.people_of(head, user_id)]
    reader, (memberships, names) = in_parallel(
        lambda: reader_of(user_id, heads),
        lambda: conversations.memberships_and_names(keys, stale_for=user_id if stale else None),
    )
    return [
        view_conversation(
            head,
            reader,
            {
                one: memberships[one, head.conversation_id]
                for one in listing.people_of(head, user_id)
                if (one, head.conversation_id) in memberships
            },
            names,
        )
        for head in heads
        if (user_id, head.conversation_id) in memberships
    ]
