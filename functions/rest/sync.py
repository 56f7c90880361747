"""POST /sync: everything that the device has missed since its cursors. 200, 400."""

from parley.actions.conversations.sync import sync
from parley.domain.api.request import Request
from parley.domain.api.requests import Sync
from parley.domain.conversations.sync import OVER_REST, CaughtUp
from parley.triggers.rest import Reply, ok, operation


@operation(body=Sync)
def handler(request: Request, body: Sync) -> Reply[CaughtUp]:
    return ok(sync(request, body, OVER_REST))
