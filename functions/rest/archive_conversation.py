"""PATCH /conversations/{conversation_id}/archive: archive until the next message, or unarchive. 200, 400, 404."""

from parley.actions.conversations import own_settings
from parley.domain.api.request import Request
from parley.domain.api.requests import ArchiveConversation
from parley.domain.api.types import ConversationAnswer
from parley.triggers.rest import Reply, ok, operation


@operation(body=ArchiveConversation)
def handler(request: Request, conversation_id: str, body: ArchiveConversation) -> Reply[ConversationAnswer]:
    return ok(own_settings.archive_conversation(request, conversation_id, archived=body.archived))
