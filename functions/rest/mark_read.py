"""PATCH /messages/{message_id}/read: mark a message and all before it as read by the caller. 200, 400, 404."""

from parley.actions.messages import read_markers
from parley.domain.api.limits import LIVE
from parley.domain.api.request import Request
from parley.triggers.rest import Reply, ok, operation


@operation(asks=LIVE)
def handler(request: Request, message_id: str) -> Reply[read_markers.Marked]:
    return ok(read_markers.mark_read(request, message_id))
