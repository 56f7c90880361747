"""GET /unread-count: how much the caller has not read. 200, 400."""

from parley.actions.conversations import unread
from parley.domain.api.call import Call
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(call: Call) -> Reply[unread.UnreadCount]:
    return ok(unread.count_unread(call))
