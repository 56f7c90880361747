"""ping {}: the device is still there; its lease starts anew."""

from parley.actions.live import presence
from parley.domain.api.call import Call
from parley.domain.api.requests import Nothing
from parley.triggers.websocket import action


@action(Nothing, asks=None)
def handler(call: Call, data: Nothing) -> presence.Pong:
    return presence.ping(call)
