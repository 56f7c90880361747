"""GET /me/blocks?cursor=&limit=: whom the caller has blocked, the newest block first. 200, 400."""

from parley.actions.people import blocks
from parley.domain.api.call import Call
from parley.domain.api.requests import Page
from parley.triggers.rest import Reply, ok, operation


@operation(query=Page)
def handler(call: Call, query: Page) -> Reply[blocks.BlockList]:
    return ok(blocks.list_blocks(call, query))
