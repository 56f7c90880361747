"""ping {}: the device is still there; its lease starts anew."""

from parley.actions import presence
from parley.domain.call import Call
from parley.domain.requests import Nothing
from parley.triggers.websocket import action


@action(Nothing, asks=None)
def handler(call: Call, data: Nothing) -> presence.Pong:
    return presence.ping(call)
