"""DELETE /me/devices/{device_id}: end the pushes to a device, also to one that has none. 200, 400."""

from parley.actions.account import push_devices
from parley.domain.api.request import Request
from parley.domain.notifications.push_devices import DeletedDevice
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request, device_id: str) -> Reply[DeletedDevice]:
    return ok(push_devices.delete_device(request, device_id))
