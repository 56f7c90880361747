"""PATCH /me: set the caller's own profile, and whether others see when they were last online. 200, 400, 403, 422."""

from parley.actions.account import me
from parley.domain.api.request import Request
from parley.domain.api.requests import UpdateMe
from parley.triggers.rest import Reply, ok, operation


@operation(body=UpdateMe)
def handler(request: Request, body: UpdateMe) -> Reply[me.Me]:
    return ok(me.update_me(request, body))
