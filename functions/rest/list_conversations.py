"""GET /conversations?state=&context_type=&context_id=&q=&cursor=&limit=: the caller's conversations, newest first.

200, 400.
"""

from parley.actions import conversations
from parley.domain.call import Call
from parley.domain.requests import ListConversations
from parley.triggers.rest import Reply, ok, operation


@operation(query=ListConversations)
def handler(call: Call, query: ListConversations) -> Reply[conversations.ConversationList]:
    return ok(conversations.page(call, query))
