"""DELETE /conversations/{conversation_id}/history: clear the caller's own history; others keep theirs.

200, 400, 403, 404.
"""

from parley.actions.messages import clearing
from parley.domain.api.request import Request
from parley.domain.api.requests import ClearHistory
from parley.domain.api.types import ConversationAnswer
from parley.triggers.rest import Reply, ok, operation


@operation(query=ClearHistory)
def handler(request: Request, conversation_id: str, query: ClearHistory) -> Reply[ConversationAnswer]:
    return ok(clearing.clear_history(request, conversation_id, query))
