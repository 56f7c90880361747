"""GET /unread: the caller's unread counts by conversation. 200, 400."""

from parley.actions.conversations import unread
from parley.domain.api.request import Request
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request) -> Reply[unread.UnreadList]:
    return ok(unread.list_unread(request))
