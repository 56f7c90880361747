"""DELETE /users/{user_id}/block: take a block back. 200, 400, 429."""

from parley.actions.people import blocks
from parley.domain.api.call import Call
from parley.domain.api.limits import OWN
from parley.triggers.rest import Reply, ok, operation


@operation(asks=OWN)
def handler(call: Call, user_id: str) -> Reply[blocks.Unblocked]:
    return ok(blocks.unblock_user(call, user_id))
