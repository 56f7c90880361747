"""DELETE /admin/suspensions/{user_id}: end a person's suspension before its time. 200, 400, 403, 404.

Moderators may, and the host's own server.
"""

from parley.actions.moderation import suspensions
from parley.domain.api.request import Request
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request, user_id: str) -> Reply[suspensions.LiftedSuspension]:
    return ok(suspensions.lift_suspension(request, user_id))
