"""Clearing one's own history of a conversation: what comes before a message is gone for its reader alone."""

import msgspec

from parley.actions import access
from parley.actions.conversations import own_settings
from parley.adapters.conversations import journal
from parley.adapters.dynamodb import conditions
from parley.adapters.notifications import jobs
from parley.domain.api.errors import Invalid
from parley.domain.api.request import Request
from parley.domain.api.requests import ClearHistory
from parley.domain.api.types import ConversationAnswer
from parley.domain.conversations import rights
from parley.domain.conversations.head import Head
from parley.domain.conversations.steps import MemberWrites, OwnChange, Step


def clear_history(request: Request, conversation_id: str, query: ClearHistory) -> ConversationAnswer:
    """Clears the caller's own history of a conversation: they see only what comes after a message, or after the last.

    Others see what they saw, and no marker moves. Three round trips and the posts, one call of a queue more if an app
    of the caller shows a notice of what is cleared. Raises Forbidden in a ticket and its notes.
    """
    seq: int | None = None  # of the first try: what comes meanwhile is not cleared
    for _ in conditions.tries():
        head, mine = access.access_membership(request, conversation_id)
        rights.require(head, request.user_id, "clear_history")
        seq = _cleared_seq(head, query) if seq is None else seq
        after = head
        if seq >= head.first_seq:
            attributes: dict[str, int] = {"own_seq": mine.own_seq + 1}
            attributes |= {"visible_from_seq": seq + 1} if head.has_members else {}
            own = OwnChange(user_id=request.user_id, attributes=attributes, before=mine)
            after = head.with_horizon(request.user_id, seq + 1)
            try:
                journal.write(Step(before=head, after=after, members=MemberWrites(own=own)), request.now_s)
            except conditions.LostRace:
                continue
            if head.takes_notices_away(mine, seq):
                jobs.close_later(request.user_id, conversation_id)
            mine = msgspec.structs.replace(mine, **attributes)
        return own_settings.tell_and_answer(request, after, mine)
    raise conditions.busy()


def _cleared_seq(head: Head, query: ClearHistory) -> int:
    """Returns the newest message that a clearing takes away; refuses one that is not there."""
    if query.seq is not None and query.seq > head.last_seq:
        raise Invalid.field("?seq", "too_large", f"The last message is {head.last_seq}.", head.last_seq)
    return head.last_seq if query.seq is None else query.seq
