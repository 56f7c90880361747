"""PUT /conversations/{conversation_id}/members/{user_id}: add a member to a group in a role, or change their role.

201, 200 (there already), 400, 403, 404, 409, 429.
"""

from parley.actions.conversations import members
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.domain.api.requests import SetRole
from parley.domain.api.types import MemberAnswer
from parley.triggers.rest import Reply, created, operation


@operation(body=SetRole, asks=OWN)
def handler(request: Request, conversation_id: str, user_id: str, body: SetRole) -> Reply[MemberAnswer]:
    member, came = members.put_member(request, conversation_id, user_id, body.role)
    return created(member, new=came)
