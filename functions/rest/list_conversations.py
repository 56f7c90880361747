"""GET /conversations?state=&context_type=&context_id=&q=&cursor=&limit=: the caller's conversations, newest first.

200, 400.
"""

from parley.actions.conversations import lists
from parley.domain.api.request import Request
from parley.domain.api.requests import ListConversations
from parley.domain.conversations import listing
from parley.triggers.rest import Reply, ok, operation


@operation(query=ListConversations)
def handler(request: Request, query: ListConversations) -> Reply[listing.ConversationPage]:
    return ok(lists.list_conversations(request, query))
