"""POST /me/notifications/seen: mark the whole inbox of the caller as seen. 200, 400."""

from parley.actions.notifications import inbox
from parley.domain.api.limits import LIVE
from parley.domain.api.request import Request
from parley.triggers.rest import Reply, ok, operation


@operation(asks=LIVE)
def handler(request: Request) -> Reply[inbox.SeenNotifications]:
    return ok(inbox.mark_notifications(request))
