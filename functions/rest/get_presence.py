"""GET /users/presence?ids=: the presence of users with whom the caller shares a direct conversation. 200, 400."""

from parley.actions.live import presence
from parley.domain.api.request import Request
from parley.domain.api.requests import GetPresence
from parley.triggers.rest import Reply, ok, operation


@operation(query=GetPresence)
def handler(request: Request, query: GetPresence) -> Reply[presence.StatusList]:
    return ok(presence.get_presence(request, query.user_ids()))
