"""PUT /users/{user_id}/block: block somebody; neither can write to the other directly any more. 200, 400, 409, 429."""

from parley.actions.people import blocks
from parley.domain.api.call import Call
from parley.domain.api.limits import OWN
from parley.triggers.rest import Reply, ok, operation


@operation(asks=OWN)
def handler(call: Call, user_id: str) -> Reply[blocks.Blocked]:
    return ok(blocks.block_user(call, user_id))
