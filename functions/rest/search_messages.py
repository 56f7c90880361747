"""GET /search?q=&conversation_id=&cursor=&limit=: the caller's messages that hold all the words. 200, 400, 404."""

from parley.actions.messages import search
from parley.domain.api.call import Call
from parley.domain.api.requests import Search
from parley.domain.conversations.search import HitList
from parley.triggers.rest import Reply, ok, operation


@operation(query=Search)
def handler(call: Call, query: Search) -> Reply[HitList]:
    return ok(search.search_messages(call, query))
