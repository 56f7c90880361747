"""GET /unread-count: how much the caller has not read. 200, 400."""

from parley.actions import conversations
from parley.domain.call import Call
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(call: Call) -> Reply[conversations.UnreadCount]:
    return ok(conversations.count_unread(call))
