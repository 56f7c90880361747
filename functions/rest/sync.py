"""POST /sync: everything that the caller's device has missed since its cursors. 200, 400."""

from parley.actions.sync import sync_up
from parley.domain.call import Call
from parley.domain.requests import Sync
from parley.domain.sync import OVER_REST, CaughtUp
from parley.triggers.rest import Reply, ok, operation


@operation(body=Sync)
def handler(call: Call, body: Sync) -> Reply[CaughtUp]:
    return ok(sync_up(call, body, OVER_REST))
