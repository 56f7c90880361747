"""GET /conversations/{conversation_id}: one conversation as the caller sees it. 200, 400, 404."""

from parley.actions import conversations
from parley.domain.call import Call
from parley.domain.types import Conversation
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(call: Call, conversation_id: str) -> Reply[Conversation]:
    return ok(conversations.read(call, conversation_id))
