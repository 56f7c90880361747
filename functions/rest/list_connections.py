"""GET /me/connections: the caller's live connections, the newest first. 200."""

from parley.actions.account import devices
from parley.domain.api.call import Call
from parley.triggers.rest import Reply, ok, operation


@operation(asks=None)
def handler(call: Call) -> Reply[devices.DeviceList]:
    return ok(devices.list_connections(call))
