"""GET /search?q=&conversation_id=&from=&after=&before=&kind=&cursor=&limit=: find messages. 200, 400, 404.

The caller's messages that contain all the words, and the "phrases" in quotation marks; `from` a person, of a kind,
written from `after` on and before `before`.
"""

from parley.actions.messages import search
from parley.domain.api.request import Request
from parley.domain.api.requests import Search
from parley.domain.conversations.search import HitList
from parley.triggers.rest import Reply, ok, operation


@operation(query=Search)
def handler(request: Request, query: Search) -> Reply[HitList]:
    return ok(search.search_messages(request, query))
