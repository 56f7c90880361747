"""sync {cursors}: everything that this device has missed since its cursors, as much as one frame holds."""

from parley.actions.conversations.sync import sync
from parley.domain.api.call import Call
from parley.domain.api.requests import Sync
from parley.domain.conversations.sync import OVER_WEBSOCKET, CaughtUp
from parley.triggers.websocket import action


@action(Sync)
def handler(call: Call, data: Sync) -> CaughtUp:
    return sync(call, data, OVER_WEBSOCKET)
