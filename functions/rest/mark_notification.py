"""POST /me/notifications/{notification_id}/seen: mark one entry of the caller's inbox as seen. 200, 400, 404."""

from parley.actions.notifications import inbox
from parley.domain.api.limits import LIVE
from parley.domain.api.request import Request
from parley.domain.notifications.inbox import Notification
from parley.triggers.rest import Reply, ok, operation


@operation(asks=LIVE)
def handler(request: Request, notification_id: str) -> Reply[Notification]:
    return ok(inbox.mark_notification(request, notification_id))
