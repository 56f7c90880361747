"""POST /conversations/{conversation_id}/members: add people to a group. 200, 400, 403, 404, 409, 429."""

from parley.actions.conversations import members
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.domain.api.requests import AddMembers
from parley.triggers.rest import Reply, ok, operation


@operation(body=AddMembers, asks=OWN)
def handler(request: Request, conversation_id: str, body: AddMembers) -> Reply[members.AddedMembers]:
    return ok(members.add_members(request, conversation_id, body.user_ids))
