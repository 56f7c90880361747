"""GET /unread: the caller's unread counts by conversation. 200, 400."""

from parley.actions.conversations import unread
from parley.domain.api.request import Request
from parley.domain.api.requests import ListUnread
from parley.triggers.rest import Reply, ok, operation


@operation(query=ListUnread)
def handler(request: Request, query: ListUnread) -> Reply[unread.UnreadList]:
    return ok(unread.list_unread(request, query))
