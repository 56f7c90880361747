"""GET /unread-count: the caller's unread totals. 200, 400."""

from parley.actions.conversations import unread
from parley.domain.api.request import Request
from parley.domain.api.requests import CountUnread
from parley.triggers.rest import Reply, ok, operation


@operation(query=CountUnread)
def handler(request: Request, query: CountUnread) -> Reply[unread.UnreadCount]:
    return ok(unread.count_unread(request, exact=query.exact))
