"""PUT /admin/suspensions/{user_id}: suspend a person for a time, from writing or from all. 200, 400, 403, 404, 409.

Moderators may, and the host's own server. It holds within a second over both transports.
"""

from parley.actions.moderation import suspensions
from parley.domain.api.request import Request
from parley.domain.api.requests import SuspendUser
from parley.domain.moderation.suspensions import SuspensionAnswer
from parley.triggers.rest import Reply, ok, operation


@operation(body=SuspendUser)
def handler(request: Request, body: SuspendUser, user_id: str) -> Reply[SuspensionAnswer]:
    return ok(suspensions.suspend_user(request, user_id, body))
