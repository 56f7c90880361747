"""POST /conversations/{conversation_id}/members: bring people into a group. 200, 400, 403, 404, 409, 429."""

from parley.actions import groups
from parley.domain.call import Call
from parley.domain.limits import OWN
from parley.domain.requests import AddMembers
from parley.triggers.rest import Reply, ok, operation


@operation(body=AddMembers, asks=OWN)
def handler(call: Call, conversation_id: str, body: AddMembers) -> Reply[groups.AddedMembers]:
    return ok(groups.add_members(call, conversation_id, body.user_ids))
