"""GET /me: the caller, their unread counts, and the limits and timers that their client must use. 200, 400."""

from parley.actions.account import me
from parley.domain.api.request import Request
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request) -> Reply[me.Me]:
    return ok(me.get_me(request))
