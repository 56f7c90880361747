"""PATCH /conversations/{conversation_id}/settings: pin, mute, notification level. 200, 400, 404, 409."""

from parley.actions.conversations import own_settings
from parley.domain.api.request import Request
from parley.domain.api.requests import UpdateSettings
from parley.domain.api.types import ConversationAnswer
from parley.triggers.rest import Reply, ok, operation


@operation(body=UpdateSettings)
def handler(request: Request, conversation_id: str, body: UpdateSettings) -> Reply[ConversationAnswer]:
    return ok(own_settings.update_settings(request, conversation_id, body))
