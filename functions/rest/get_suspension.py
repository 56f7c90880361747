"""GET /admin/suspensions/{user_id}: the suspension of a person. 200, 400, 403, 404.

Moderators may, and the host's own server.
"""

from parley.actions.moderation import suspensions
from parley.domain.api.request import Request
from parley.domain.moderation.suspensions import SuspensionAnswer
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request, user_id: str) -> Reply[SuspensionAnswer]:
    return ok(suspensions.get_suspension(request, user_id))
