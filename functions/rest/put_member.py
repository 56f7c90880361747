"""PUT /conversations/{conversation_id}/members/{user_id}: bring somebody into a group, in a role.

201, 200 (there already), 400, 403, 404, 409, 429.
"""

from parley.actions import groups
from parley.domain.call import Call
from parley.domain.limits import OWN
from parley.domain.requests import SetRole
from parley.domain.types import Member
from parley.triggers.rest import Reply, created, operation


@operation(body=SetRole, asks=OWN)
def handler(call: Call, conversation_id: str, user_id: str, body: SetRole) -> Reply[Member]:
    member, came = groups.put_member(call, conversation_id, user_id, body.role)
    return created(member, new=came)
