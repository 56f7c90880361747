"""DELETE /conversations/{conversation_id}/members/{user_id}: remove a member, or leave.

The caller leaves a group, or a conversation of two people: that is archived until its next message.

200, 400, 403, 404, 409, 429.
"""

from parley.actions.conversations import members
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.triggers.rest import Reply, ok, operation


@operation(asks=OWN)
def handler(request: Request, conversation_id: str, user_id: str) -> Reply[members.RemovedMember]:
    return ok(members.remove_member(request, conversation_id, user_id))
