"""GET /conversations/{conversation_id}: one conversation as the caller sees it. 200, 400, 404."""

from parley.actions.conversations import views
from parley.domain.api.request import Request
from parley.domain.api.types import ConversationAnswer
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request, conversation_id: str) -> Reply[ConversationAnswer]:
    return ok(views.get_conversation(request, conversation_id))
