"""GET /conversations/{conversation_id}: one conversation as the caller sees it. 200, 400, 404."""

from parley.actions.conversations import views
from parley.domain.api.call import Call
from parley.domain.api.types import Conversation
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(call: Call, conversation_id: str) -> Reply[Conversation]:
    return ok(views.get_conversation(call, conversation_id))
