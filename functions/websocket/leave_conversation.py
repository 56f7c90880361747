"""leave_conversation {conversation_id}: the device gets only notifications from now on."""

from parley.actions.live import open_conversations
from parley.domain.api.limits import LIVE
from parley.domain.api.request import Request
from parley.domain.api.requests import OfConversation
from parley.triggers.websocket import action


@action(OfConversation, asks=LIVE)
def handler(request: Request, data: OfConversation) -> open_conversations.Left:
    return open_conversations.leave_conversation(request, data.conversation_id)
