"""PUT /users/{user_id}/block: block a user; neither can write to the other directly any more. 200, 400, 409, 429."""

from parley.actions.people import blocks
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.triggers.rest import Reply, ok, operation


@operation(asks=OWN)
def handler(request: Request, user_id: str) -> Reply[blocks.Blocked]:
    return ok(blocks.block_user(request, user_id))
