"""DELETE /admin/conversations/{conversation_id}/mutes/{user_id}: let a muted member write again. 200, 400, 403, 404.

Moderators may, and the host's own server.
"""

from parley.actions.moderation import acts
from parley.domain.api.request import Request
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request, conversation_id: str, user_id: str) -> Reply[acts.MutedMember]:
    return ok(acts.unmute_member(request, conversation_id, user_id))
