"""typing_stop {conversation_id}: the others no longer see the caller typing."""

from parley.actions.live import open_conversations
from parley.domain.api.limits import LIVE
from parley.domain.api.request import Request
from parley.domain.api.requests import OfConversation
from parley.triggers.websocket import action


@action(OfConversation, asks=LIVE)
def handler(request: Request, data: OfConversation) -> open_conversations.StoppedTyping:
    return open_conversations.typing_stop(request, data.conversation_id)
