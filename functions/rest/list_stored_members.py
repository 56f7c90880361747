"""GET /migration/conversations/{conversation_id}/members?cursor=&limit=: members with their sides, for an export.

Only the host's own server may; the audit log records each page. 200, 400, 403, 404.
"""

from parley.actions.moving import reading
from parley.domain.api.request import Request
from parley.domain.api.requests import Page
from parley.domain.moving.exports import StoredMemberList
from parley.triggers.rest import Reply, ok, operation


@operation(query=Page)
def handler(request: Request, conversation_id: str, query: Page) -> Reply[StoredMemberList]:
    return ok(reading.list_stored_members(request, conversation_id, query))
