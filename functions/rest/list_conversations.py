"""GET /conversations?cursor=&limit=: the caller's conversations, the most recently active first. 200, 400."""

from parley.actions import conversations
from parley.domain.call import Call
from parley.domain.requests import Page
from parley.triggers.rest import Reply, ok, operation


@operation(query=Page)
def handler(call: Call, query: Page) -> Reply[conversations.ConversationList]:
    return ok(conversations.page(call, query))
