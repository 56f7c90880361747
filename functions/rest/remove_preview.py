"""DELETE /messages/{message_id}/preview: remove the preview of its link from the caller's own message.

200, 400, 403, 404, 409, 429.
"""

from parley.actions.messages import changes
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.domain.api.types import MessageAnswer
from parley.triggers.rest import Reply, ok, operation


@operation(asks=OWN)
def handler(request: Request, message_id: str) -> Reply[MessageAnswer]:
    return ok(changes.remove_preview(request, message_id))
