"""GET /unread-count: the caller's unread totals. 200, 400."""

from parley.actions.conversations import unread
from parley.domain.api.request import Request
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request) -> Reply[unread.UnreadCount]:
    return ok(unread.count_unread(request))
