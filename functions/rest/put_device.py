"""PUT /me/devices/{device_id}: register a browser or an app for pushes. 200, 400, 409, 503.

A subscription or token belongs to one person at a time: the last one who registers it.
"""

from parley.actions.account import push_devices
from parley.domain.api.request import Request
from parley.domain.notifications.push_devices import PushDevice, PutDevice
from parley.triggers.rest import Reply, ok, operation


@operation(body=PutDevice)
def handler(request: Request, device_id: str, body: PutDevice) -> Reply[PushDevice]:
    return ok(push_devices.put_device(request, device_id, body))
