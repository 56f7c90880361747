"""DELETE /admin/messages/{message_id}?report_id=&resolution=: remove a message for all members.

200, 400, 403, 404, 409.

It becomes a tombstone with `removed`, and can be restored for 30 days. Moderators may, and the host's own server.
"""

from parley.actions.moderation import acts
from parley.domain.api.request import Request
from parley.domain.api.requests import Decision
from parley.domain.api.types import MessageAnswer
from parley.triggers.rest import Reply, ok, operation


@operation(query=Decision)
def handler(request: Request, message_id: str, query: Decision) -> Reply[MessageAnswer]:
    return ok(acts.remove_message(request, message_id, query))
