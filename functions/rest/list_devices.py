"""GET /me/devices: the caller's devices that take pushes, by id. 200, 400.

Connected devices are in `GET /me/connections`.
"""

from parley.actions.account import push_devices
from parley.domain.api.request import Request
from parley.domain.notifications.push_devices import PushDeviceList
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request) -> Reply[PushDeviceList]:
    return ok(push_devices.list_devices(request))
