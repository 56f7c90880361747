"""DELETE /admin/conversations/{conversation_id}/members/{user_id}: take a member out of a group.

200, 400, 403, 404, 409.

Moderators may, and the host's own server.
"""

from parley.actions.conversations import members
from parley.actions.moderation import acts
from parley.domain.api.request import Request
from parley.domain.api.requests import Decision
from parley.triggers.rest import Reply, ok, operation


@operation(query=Decision)
def handler(request: Request, conversation_id: str, user_id: str, query: Decision) -> Reply[members.RemovedMember]:
    return ok(acts.expel_member(request, conversation_id, user_id, query))
