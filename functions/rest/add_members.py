"""POST /conversations/{conversation_id}/members: add people to a group, or everyone of a role or a context.

200, 202 (everyone is being added), 400, 403, 404, 409, 422, 429.
"""

from parley.actions.conversations import members
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.domain.api.requests import AddMembers
from parley.triggers.rest import Reply, accepted, ok, operation


@operation(body=AddMembers, asks=OWN)
def handler(request: Request, conversation_id: str, body: AddMembers) -> Reply[members.AddedMembers]:
    added = members.add_members(request, conversation_id, body)
    return ok(added) if added.adding is None else accepted(added)
