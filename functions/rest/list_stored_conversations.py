"""GET /migration/conversations?cursor=&limit=: all conversations of the deployment, for an export. 200, 400, 403.

Only the host's own server may; the audit log records each page. The messages of each are read as a member's are
(`GET /conversations/{conversation_id}/messages`).
"""

from parley.actions.moving import reading
from parley.domain.api.request import Request
from parley.domain.api.requests import Page
from parley.domain.moving.exports import StoredConversationList
from parley.triggers.rest import Reply, ok, operation


@operation(query=Page)
def handler(request: Request, query: Page) -> Reply[StoredConversationList]:
    return ok(reading.list_stored_conversations(request, query))
