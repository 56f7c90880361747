"""GET /conversations/{conversation_id}/mentions?cursor=&limit=: the caller's unread mentions, newest first.

200, 400, 404.
"""

from parley.actions.messages import mentions
from parley.domain.api.request import Request
from parley.domain.api.requests import Page
from parley.triggers.rest import Reply, ok, operation


@operation(query=Page)
def handler(request: Request, conversation_id: str, query: Page) -> Reply[mentions.MentionList]:
    return ok(mentions.list_mentions(request, conversation_id, query))
