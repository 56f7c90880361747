"""mark_read {message_id}: the caller has read this message and all before it."""

from parley.actions import markers
from parley.domain.call import Call
from parley.domain.limits import LIVE
from parley.domain.requests import OfMessage
from parley.triggers.websocket import action


@action(OfMessage, asks=LIVE)
def handler(call: Call, data: OfMessage) -> markers.Marked:
    return markers.mark_read(call, data.message_id)
