"""PUT /conversations/{conversation_id}/unread: mark a conversation as unread from a message on. 200, 400, 403, 404."""

from parley.actions.messages import read_markers
from parley.domain.api.limits import LIVE
from parley.domain.api.request import Request
from parley.domain.api.requests import MarkUnread
from parley.triggers.rest import Reply, ok, operation


@operation(body=MarkUnread, asks=LIVE)
def handler(request: Request, conversation_id: str, body: MarkUnread) -> Reply[read_markers.Marked]:
    return ok(read_markers.mark_unread(request, conversation_id, body))
