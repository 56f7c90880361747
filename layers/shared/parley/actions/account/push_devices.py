"""A person's devices that take pushes: registering one, removing it, listing them."""

from msgspec.structs import replace

from parley.adapters.dynamodb import conditions, retrying
from parley.adapters.notifications import devices, mobile, vapid, web_push
from parley.adapters.notifications.devices import Holder, Registered
from parley.adapters.notifications.encrypted_content import WrongPoint, check_point
from parley.adapters.outbound import http
from parley.adapters.people import account_states
from parley.domain.api import ids
from parley.domain.api.errors import Conflict, Field, Invalid
from parley.domain.api.request import Request
from parley.domain.notifications.notice import Device
from parley.domain.notifications.push_devices import (
    MAX_DEVICES,
    REFRESH_MS,
    DeletedDevice,
    PushDevice,
    PushDeviceList,
    PushKeys,
    PutDevice,
    check_shape,
    is_same,
    octets,
    view,
)

_REFUSALS = {
    "https_only": "An endpoint begins with https://.",
    "private_address": "An endpoint has a host that everyone can reach.",
    "bad_url": "Write an endpoint as PushSubscription.toJSON() has it: without a user, the port 443 or above 1023.",
    "unknown_push_service": "An endpoint leads to a push service that this deployment knows.",
}


def put_device(request: Request, device_id: str, wanted: PutDevice) -> PushDevice:
    """Registers a device for the caller's pushes, or replaces it; its endpoint or token leaves any other person.

    Raises Conflict for a kind that the deployment does not push to, or for too many devices. Two round trips, one for a
    repeat within a day; one more to take the endpoint from another person, and two calls of SNS for an app.
    """
    ids.check_push_device_id(device_id, "{device_id}")
    _check(wanted, request.field_prefix)
    device = _device(request, device_id, wanted)
    for _ in conditions.tries():
        registered, holder = devices.read_for(request.user_id, device)
        before = registered.get(device_id)
        if before is not None and _is_fresh(before, device, holder, registered):
            return view(before)
        if device_id not in registered.stored and len(registered.stored) >= MAX_DEVICES:
            detail = f"You have {MAX_DEVICES} devices that take pushes; remove one first."
            raise Conflict("too_many_devices", detail, rule="devices of a person that take pushes")
        is_theirs = holder is not None and holder.user_id != request.user_id
        theirs = devices.get_devices(holder.user_id) if holder is not None and is_theirs else None
        made = device if device.endpoint else replace(device, endpoint=_endpoint(device, request.field_prefix))
        try:
            devices.put_device(registered, made, holder, theirs, request.caller.issued_at_s)
        except conditions.LostRace:
            account_states.check_again()  # a sign-out may be what was faster
            continue
        if before is not None and before.kind != "web_push" and before.endpoint != made.endpoint:
            mobile.delete_endpoints([before.endpoint or ""])
        return view(made)
    raise retrying.busy()


def delete_device(request: Request, device_id: str) -> DeletedDevice:
    """Ends the pushes to one of the caller's devices; does nothing if it has none. Two round trips.

    An app takes one call of SNS besides.
    """
    ids.check_push_device_id(device_id, "{device_id}")
    for _ in conditions.tries():
        registered = devices.get_devices(request.user_id)
        known = registered.get(device_id)
        if known is None:
            return DeletedDevice(device_id=device_id)
        if known.kind != "web_push":
            mobile.delete_endpoints([known.endpoint or ""])
        try:
            devices.remove(registered, [known])
        except conditions.LostRace:
            continue
        return DeletedDevice(device_id=device_id)
    raise retrying.busy()


def remove_devices(user_id: str) -> None:
    """Ends the pushes to all devices of a person; one round trip, two if there are any.

    Each app takes one call of SNS besides.
    """
    for _ in conditions.tries():
        registered = devices.get_devices(user_id)
        if not registered.stored:
            return
        mobile.delete_endpoints(app.endpoint or "" for app in registered.devices if app.kind != "web_push")
        try:
            devices.remove_all(registered)
        except conditions.LostRace:
            continue
        return
    raise retrying.busy()


def list_devices(request: Request) -> PushDeviceList:
    """Returns the caller's devices that take pushes, by id; one round trip."""
    return PushDeviceList(devices=[view(device) for device in devices.get_devices(request.user_id).devices])


def _check(wanted: PutDevice, prefix: str) -> None:
    """Raises Conflict for a kind that the deployment does not push to, and Invalid for a field that is wrong."""
    is_on = vapid.is_on() if wanted.kind == "web_push" else bool(mobile.application(wanted.kind))
    if not is_on:
        raise Conflict("push_off", f"Parley does not push to {wanted.kind} here.", rule=wanted.kind)
    check_shape(wanted, prefix)
    if isinstance(wanted.endpoint, str):
        try:
            web_push.check_endpoint(wanted.endpoint)
        except http.Refused as refused:
            field = Field(f"{prefix}/endpoint", refused.code)
            raise Invalid("invalid_request", _REFUSALS[refused.code], fields=(field,)) from None
    if isinstance(wanted.keys, PushKeys):
        try:
            check_point(octets(wanted.keys.p256dh))
        except WrongPoint:
            pointer = f"{prefix}/keys/p256dh"
            raise Invalid.field(pointer, "bad_format", "p256dh must be a point of P-256.") from None


def _device(request: Request, device_id: str, wanted: PutDevice) -> Device:
    """Returns the device as it is stored; the endpoint of an app is not known yet."""
    at_ms = request.now_ms
    if isinstance(wanted.keys, PushKeys) and isinstance(wanted.endpoint, str):
        return Device(
            device_id=device_id,
            kind=wanted.kind,
            at_ms=at_ms,
            endpoint=wanted.endpoint,
            p256dh=wanted.keys.p256dh.rstrip("="),
            auth=wanted.keys.auth.rstrip("="),
        )
    return Device(device_id=device_id, kind=wanted.kind, at_ms=at_ms, token=str(wanted.token))


def _is_fresh(before: Device, device: Device, holder: Holder | None, registered: Registered) -> bool:
    """Says whether a device was registered as it is within a day, and is still the caller's."""
    wanted = device if device.endpoint else replace(device, endpoint=before.endpoint)
    is_recent = device.at_ms - before.at_ms < REFRESH_MS
    return is_recent and is_same(before, wanted) and holder == Holder(registered.user_id, device.device_id)


def _endpoint(device: Device, prefix: str) -> str:
    try:
        return mobile.create_endpoint("apns" if device.kind == "apns" else "fcm", device.token or "")
    except mobile.WrongToken:
        raise Invalid.field(f"{prefix}/token", "bad_format", "The platform does not take this token.") from None
