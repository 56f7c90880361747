"""PATCH /conversations/{conversation_id}/read-all: mark all messages as read by the caller. 200, 400, 404."""

from parley.actions.messages import read_markers
from parley.domain.api.limits import LIVE
from parley.domain.api.request import Request
from parley.triggers.rest import Reply, ok, operation


@operation(asks=LIVE)
def handler(request: Request, conversation_id: str) -> Reply[read_markers.Marked]:
    return ok(read_markers.mark_conversation_read(request, conversation_id))
