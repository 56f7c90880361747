"""DELETE /users/{user_id}/block: take a block back. 200, 400, 429."""

from parley.actions import blocks
from parley.domain.call import Call
from parley.domain.limits import OWN
from parley.triggers.rest import Reply, ok, operation


@operation(asks=OWN)
def handler(call: Call, user_id: str) -> Reply[blocks.Unblocked]:
    return ok(blocks.unblock(call, user_id))
