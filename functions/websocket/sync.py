"""sync {cursors}: everything that this device has missed since its cursors, as much as one frame holds."""

from parley.actions.sync import sync_up
from parley.domain.call import Call
from parley.domain.requests import Sync
from parley.domain.sync import OVER_WEBSOCKET, CaughtUp
from parley.triggers.websocket import action


@action(Sync)
def handler(call: Call, data: Sync) -> CaughtUp:
    return sync_up(call, data, OVER_WEBSOCKET)
