"""POST /users/{user_id}/sign-out: end every sign-in of a person, as the host's own server asks. 200, 400, 403.

Their sockets are closed, and tokens that were issued before are refused within a second.
"""

from parley.actions.account import devices
from parley.domain.api.request import Request
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request, user_id: str) -> Reply[devices.SignedOut]:
    return ok(devices.sign_out_user(request, user_id))
