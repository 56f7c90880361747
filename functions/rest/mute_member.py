"""PUT /admin/conversations/{conversation_id}/mutes/{user_id}: keep a member from writing.

200, 400, 403, 404, 409.

Until it is ended. Moderators may, and the host's own server.
"""

from parley.actions.moderation import acts
from parley.domain.api.request import Request
from parley.domain.api.requests import MuteMember
from parley.triggers.rest import Reply, ok, operation


@operation(body=MuteMember)
def handler(request: Request, conversation_id: str, user_id: str, body: MuteMember) -> Reply[acts.MutedMember]:
    return ok(acts.mute_member(request, conversation_id, user_id, body))
