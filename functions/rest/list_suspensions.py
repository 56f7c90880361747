"""GET /admin/suspensions?cursor=&limit=: the suspensions that hold, the first to end first. 200, 400, 403.

Moderators may, and the host's own server.
"""

from parley.actions.moderation import suspensions
from parley.domain.api.request import Request
from parley.domain.api.requests import Page
from parley.triggers.rest import Reply, ok, operation


@operation(query=Page)
def handler(request: Request, query: Page) -> Reply[suspensions.SuspensionList]:
    return ok(suspensions.list_suspensions(request, query))
