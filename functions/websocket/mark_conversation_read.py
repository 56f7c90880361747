"""mark_conversation_read {conversation_id}: the caller has read all messages."""

from parley.actions.messages import read_markers
from parley.domain.api.limits import LIVE
from parley.domain.api.request import Request
from parley.domain.api.requests import OfConversation
from parley.triggers.websocket import action


@action(OfConversation, asks=LIVE)
def handler(request: Request, data: OfConversation) -> read_markers.Marked:
    return read_markers.mark_conversation_read(request, data.conversation_id)
