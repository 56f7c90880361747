"""DELETE /users/{user_id}/block: remove a block. 200, 400, 429."""

from parley.actions.people import blocks
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.triggers.rest import Reply, ok, operation


@operation(asks=OWN)
def handler(request: Request, user_id: str) -> Reply[blocks.Unblocked]:
    return ok(blocks.unblock_user(request, user_id))
