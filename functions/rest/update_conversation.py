"""PATCH /conversations/{conversation_id}: change title, description, rules, or close and reopen.

200, 400, 403, 404, 422, 429.
"""

from parley.actions import groups
from parley.domain.call import Call
from parley.domain.limits import OWN
from parley.domain.requests import UpdateConversation
from parley.domain.types import Conversation
from parley.triggers.rest import Reply, ok, operation


@operation(body=UpdateConversation, asks=OWN)
def handler(call: Call, conversation_id: str, body: UpdateConversation) -> Reply[Conversation]:
    return ok(groups.update(call, conversation_id, body))
