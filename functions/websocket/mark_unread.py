"""mark_unread {conversation_id, seq}: the conversation is unread for the caller from a message on, until they read."""

from parley.actions.messages import read_markers
from parley.domain.api.limits import LIVE
from parley.domain.api.request import Request
from parley.domain.api.requests import MarkUnreadAction
from parley.triggers.websocket import action


@action(MarkUnreadAction, asks=LIVE)
def handler(request: Request, data: MarkUnreadAction) -> read_markers.Marked:
    return read_markers.mark_unread(request, data.conversation_id, data)
