"""PUT /admin/conversations/{conversation_id}/state: close a conversation, or open it again. 200, 400, 403, 404, 409.

Members cannot open what a moderator has closed. Moderators may, and the host's own server.
"""

from parley.actions.moderation import acts
from parley.domain.api.request import Request
from parley.domain.api.requests import SetConversationState
from parley.triggers.rest import Reply, ok, operation


@operation(body=SetConversationState)
def handler(request: Request, conversation_id: str, body: SetConversationState) -> Reply[acts.ModeratedState]:
    return ok(acts.set_conversation_state(request, conversation_id, body))
