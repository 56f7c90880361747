"""send_message {conversation_id or user_id, text, context?, client_id?}: send a message as the caller.

The ack carries it, with its `conversation_id`, and `replayed`. With a `user_id` it opens the conversation if needed.
"""

from parley.actions.messages import send_action
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.domain.api.requests import SendMessageAction
from parley.domain.api.types import SentMessage
from parley.triggers.websocket import action


@action(SendMessageAction, asks=OWN)
def handler(request: Request, data: SendMessageAction) -> SentMessage:
    return send_action.send_message(request, data)
