"""mark_read {message_id}: the caller has read this message and all before it."""

from parley.actions.messages import read_markers
from parley.domain.api.limits import LIVE
from parley.domain.api.request import Request
from parley.domain.api.requests import OfMessage
from parley.triggers.websocket import action


@action(OfMessage, asks=LIVE)
def handler(request: Request, data: OfMessage) -> read_markers.Marked:
    return read_markers.mark_read(request, data.message_id)
