"""GET /admin/warnings?user_id=: the newest ten warnings of a person. 200, 400, 403.

Moderators may, and the host's own server.
"""

from parley.actions.moderation import warnings
from parley.domain.api.request import Request
from parley.domain.api.requests import ListWarnings
from parley.triggers.rest import Reply, ok, operation


@operation(query=ListWarnings)
def handler(request: Request, query: ListWarnings) -> Reply[warnings.WarningList]:
    return ok(warnings.list_warnings(request, query))
