"""sync {cursors}: everything that the device has missed since its cursors, as much as one frame holds."""

from parley.actions.conversations.sync import sync
from parley.domain.api.request import Request
from parley.domain.api.requests import Sync
from parley.domain.conversations.sync import OVER_WEBSOCKET, CaughtUp
from parley.triggers.websocket import action


@action(Sync)
def handler(request: Request, data: Sync) -> CaughtUp:
    return sync(request, data, OVER_WEBSOCKET)
