"""POST /users/{user_id}/sign-out: end every sign-in of a person; only the host's own server may. 200, 400, 403.

It closes their sockets, ends the pushes to their devices, and refuses within a second every token that was issued
before.
"""

from parley.actions.account import devices
from parley.domain.api.request import Request
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request, user_id: str) -> Reply[devices.SignedOut]:
    return ok(devices.sign_out_user(request, user_id))
