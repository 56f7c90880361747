"""ping {}: renew the device's lease."""

from parley.actions.live import presence
from parley.domain.api.request import Request
from parley.domain.api.requests import Nothing
from parley.triggers.websocket import action


@action(Nothing, asks=None)
def handler(request: Request, data: Nothing) -> presence.Pong:
    return presence.ping(request)
