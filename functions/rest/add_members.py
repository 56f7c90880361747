"""POST /conversations/{conversation_id}/members: bring people into a group. 200, 400, 403, 404, 409, 429."""

from parley.actions.conversations import members
from parley.domain.api.call import Call
from parley.domain.api.limits import OWN
from parley.domain.api.requests import AddMembers
from parley.triggers.rest import Reply, ok, operation


@operation(body=AddMembers, asks=OWN)
def handler(call: Call, conversation_id: str, body: AddMembers) -> Reply[members.AddedMembers]:
    return ok(members.add_members(call, conversation_id, body.user_ids))
