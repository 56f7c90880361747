"""GET /users/presence?ids=: who of these users, with whom the caller talks, is there. 200, 400."""

from parley.actions import presence
from parley.domain.call import Call
from parley.domain.requests import GetPresence
from parley.triggers.rest import Reply, ok, operation


@operation(query=GetPresence)
def handler(call: Call, query: GetPresence) -> Reply[presence.StatusList]:
    return ok(presence.status_of(call, query.user_ids()))
