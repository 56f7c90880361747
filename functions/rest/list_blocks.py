"""GET /me/blocks?cursor=&limit=: the users whom the caller has blocked, newest block first. 200, 400."""

from parley.actions.people import blocks
from parley.domain.api.request import Request
from parley.domain.api.requests import Page
from parley.triggers.rest import Reply, ok, operation


@operation(query=Page)
def handler(request: Request, query: Page) -> Reply[blocks.BlockList]:
    return ok(blocks.list_blocks(request, query))
