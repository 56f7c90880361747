"""GET /search?q=&conversation_id=&cursor=&limit=: the caller's messages that contain all the words. 200, 400, 404."""

from parley.actions.messages import search
from parley.domain.api.request import Request
from parley.domain.api.requests import Search
from parley.domain.conversations.search import HitList
from parley.triggers.rest import Reply, ok, operation


@operation(query=Search)
def handler(request: Request, query: Search) -> Reply[HitList]:
    return ok(search.search_messages(request, query))
