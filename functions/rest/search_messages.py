"""GET /search?q=&conversation_id=&cursor=&limit=: the caller's messages that hold all the words. 200, 400, 404."""

from parley.actions import searching
from parley.domain.call import Call
from parley.domain.requests import Search
from parley.domain.search import HitList
from parley.triggers.rest import Reply, ok, operation


@operation(query=Search)
def handler(call: Call, query: Search) -> Reply[HitList]:
    return ok(searching.find(call, query))
