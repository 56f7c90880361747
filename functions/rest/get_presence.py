"""GET /users/presence?ids=: who of these users, with whom the caller talks, is there. 200, 400."""

from parley.actions.live import presence
from parley.domain.api.call import Call
from parley.domain.api.requests import GetPresence
from parley.triggers.rest import Reply, ok, operation


@operation(query=GetPresence)
def handler(call: Call, query: GetPresence) -> Reply[presence.StatusList]:
    return ok(presence.get_presence(call, query.user_ids()))
