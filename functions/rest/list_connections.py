"""GET /me/connections: the caller's live connections, newest first. 200."""

from parley.actions.account import devices
from parley.domain.api.request import Request
from parley.triggers.rest import Reply, ok, operation


@operation(asks=None)
def handler(request: Request) -> Reply[devices.DeviceList]:
    return ok(devices.list_connections(request))
