"""PATCH /conversations/{conversation_id}/read-all: mark all messages as read by the caller. 200, 400, 404."""

from parley.actions.messages import read_markers
from parley.domain.api.call import Call
from parley.domain.api.limits import LIVE
from parley.triggers.rest import Reply, ok, operation


@operation(asks=LIVE)
def handler(call: Call, conversation_id: str) -> Reply[read_markers.Marked]:
    return ok(read_markers.mark_conversation_read(call, conversation_id))
