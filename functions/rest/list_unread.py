"""GET /unread: what the caller has not read, by conversation. 200, 400."""

from parley.actions.conversations import conversations
from parley.domain.api.call import Call
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(call: Call) -> Reply[conversations.UnreadList]:
    return ok(conversations.list_unread(call))
