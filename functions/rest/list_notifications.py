"""GET /me/notifications?cursor=&limit=: the caller's inbox, newest first, and how much of it is unseen. 200, 400."""

from parley.actions.notifications import inbox
from parley.domain.api.request import Request
from parley.domain.api.requests import Page
from parley.triggers.rest import Reply, ok, operation


@operation(query=Page)
def handler(request: Request, query: Page) -> Reply[inbox.NotificationList]:
    return ok(inbox.list_notifications(request, query))
