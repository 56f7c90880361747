"""GET /conversations?state=&context_type=&context_id=&q=&cursor=&limit=: the caller's conversations, newest first.

200, 400.
"""

from parley.actions.conversations import lists
from parley.domain.api.call import Call
from parley.domain.api.requests import ListConversations
from parley.triggers.rest import Reply, ok, operation


@operation(query=ListConversations)
def handler(call: Call, query: ListConversations) -> Reply[lists.ConversationList]:
    return ok(lists.list_conversations(call, query))
