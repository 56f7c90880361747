"""A person's devices: which are connected, closing one of them, and signing all of them out."""

from msgspec import Struct

from parley.actions.live import presence
from parley.actions.people import profiles
from parley.adapters.live import connections
from parley.adapters.people import account_states
from parley.domain.api import ids
from parley.domain.api.call import Call
from parley.domain.api.times import rfc3339
from parley.domain.live.presence import Connection


class Device(Struct, frozen=True, kw_only=True):
    """One connection. `current` if the same token opened it that this request carries, itself or through a ticket."""

    connection_id: str
    connected_at: str
    expires_at: str
    current: bool


class DeviceList(Struct, frozen=True, kw_only=True):
    """The caller's connections, the newest first. `next` is always null: one answer holds all of them."""

    connections: list[Device]
    next: None = None


class Closed(Struct, frozen=True, kw_only=True):
    """A connection that is closed now; it need not have been open."""

    connection_id: str


class SignedOut(Struct, frozen=True, kw_only=True):
    """A person whose tokens do not count any more if they were issued before `signed_out_at`."""

    user_id: str
    signed_out_at: str


def list_connections(call: Call) -> DeviceList:
    """Returns the caller's live connections; one round trip."""
    person = connections.of([call.user_id])[call.user_id]
    live = sorted(person.live(call.now_s), key=lambda device: device.since_ms, reverse=True)
    return DeviceList(connections=[_device(call, device) for device in live])


def close_connection(call: Call, connection_id: str) -> Closed:
    """Closes one of the caller's connections; nothing if it is closed already. Four round trips at most.

    The device can connect again with its token: only a sign-out ends that.
    """
    ids.check_connection_id(connection_id, "{connection_id}")
    presence.close(call, call.user_id, connection_id)
    return Closed(connection_id=connection_id)


def sign_out_user(call: Call, user_id: str) -> SignedOut:
    """Ends every sign-in of a person and closes their connections, for the host's own server; raises Forbidden.

    In this order: a device that connects meanwhile finds the sign-out (`presence.connect`). Three round trips, and more
    for each connection.
    """
    profiles.require_service(call, "sign people out", "POST /users/{user_id}/sign-out")
    profiles.check_user_id(user_id)
    account_states.sign_out(user_id, call.now_s)
    presence.close(call, user_id)
    return SignedOut(user_id=user_id, signed_out_at=rfc3339(call.now_s * 1000))


def _device(call: Call, device: Connection) -> Device:
    signed_in_with = (device.token_s, device.issued_at_s)
    return Device(
        connection_id=device.connection_id,
        connected_at=rfc3339(device.since_ms),
        expires_at=rfc3339(device.until_s * 1000),
        current=signed_in_with == (call.caller.expires_at_s, call.caller.issued_at_s),
    )
