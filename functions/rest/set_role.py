"""PATCH /conversations/{conversation_id}/members/{user_id}: change a member's role, or hand the group over.

200, 400, 403, 404, 409, 429.
"""

from parley.actions.conversations import members
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.domain.api.requests import SetRole
from parley.domain.api.types import MemberAnswer
from parley.triggers.rest import Reply, ok, operation


@operation(body=SetRole, asks=OWN)
def handler(request: Request, conversation_id: str, user_id: str, body: SetRole) -> Reply[MemberAnswer]:
    return ok(members.set_role(request, conversation_id, user_id, body.role))
