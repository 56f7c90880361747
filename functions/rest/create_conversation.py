"""POST /conversations: open or get a direct conversation, or create a group.

201, 200 (it was there), 400, 403, 404, 409, 422, 429.
"""

from parley.actions.conversations.open import create_conversation
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.domain.api.requests import CreateConversation
from parley.domain.api.types import ConversationAnswer
from parley.triggers.rest import Reply, created, operation


@operation(body=CreateConversation, asks=OWN)
def handler(request: Request, body: CreateConversation) -> Reply[ConversationAnswer]:
    conversation, new = create_conversation(request, body)
    return created(conversation, new=new)
