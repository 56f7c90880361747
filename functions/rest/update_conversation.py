"""PATCH /conversations/{conversation_id}: change title, description, rules, or close and reopen.

200, 400, 403, 404, 422, 429.
"""

from parley.actions.conversations import groups
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.domain.api.requests import UpdateConversation
from parley.domain.api.types import ConversationAnswer
from parley.triggers.rest import Reply, ok, operation


@operation(body=UpdateConversation, asks=OWN)
def handler(request: Request, conversation_id: str, body: UpdateConversation) -> Reply[ConversationAnswer]:
    return ok(groups.update_conversation(request, conversation_id, body))
