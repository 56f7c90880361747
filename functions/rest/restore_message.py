"""POST /admin/messages/{message_id}/restore: bring a removed message back. 200, 400, 403, 404, 409.

Within 30 days of its removal, with its files. Moderators may, and the host's own server.
"""

from parley.actions.moderation import acts
from parley.domain.api.request import Request
from parley.domain.api.types import MessageAnswer
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request, message_id: str) -> Reply[MessageAnswer]:
    return ok(acts.restore_message(request, message_id))
