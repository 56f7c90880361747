"""GET /conversations/{conversation_id}/members?cursor=&limit=: the members of a conversation. 200, 400, 404."""

from parley.actions.conversations import members
from parley.domain.api.request import Request
from parley.domain.api.requests import Page
from parley.triggers.rest import Reply, ok, operation


@operation(query=Page)
def handler(request: Request, conversation_id: str, query: Page) -> Reply[members.MemberList]:
    return ok(members.list_members(request, conversation_id, query))
