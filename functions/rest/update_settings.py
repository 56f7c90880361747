"""PATCH /conversations/{conversation_id}/settings: pin, mute, and what to be notified of. 200, 400, 404, 409."""

from parley.actions import conversations
from parley.domain.call import Call
from parley.domain.requests import UpdateSettings
from parley.domain.types import Conversation
from parley.triggers.rest import Reply, ok, operation


@operation(body=UpdateSettings)
def handler(call: Call, conversation_id: str, body: UpdateSettings) -> Reply[Conversation]:
    return ok(conversations.update_settings(call, conversation_id, body))
