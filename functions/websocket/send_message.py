"""send_message {conversation_id, text, client_id?}: send a message as the caller.

The ack carries it, and `replayed`.
"""

from parley.actions.messages import messages
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.domain.api.requests import SendMessageAction
from parley.domain.api.types import SentMessage
from parley.triggers.websocket import action


@action(SendMessageAction, asks=OWN)
def handler(request: Request, data: SendMessageAction) -> SentMessage:
    return messages.send_message(request, data.conversation_id, data)
