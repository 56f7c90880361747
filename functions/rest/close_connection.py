"""DELETE /me/connections/{connection_id}: close one of the caller's connections, open or not. 200, 400."""

from parley.actions.account import devices
from parley.domain.api.request import Request
from parley.triggers.rest import Reply, ok, operation


@operation(asks=None)
def handler(request: Request, connection_id: str) -> Reply[devices.Closed]:
    return ok(devices.close_connection(request, connection_id))
