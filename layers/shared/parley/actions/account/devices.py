"""A person's devices: which are connected, closing one of them, and signing all of them out."""

from msgspec import Struct

from parley.actions.account import push_devices
from parley.actions.live import presence
from parley.actions.parallel import in_parallel
from parley.actions.people import profiles
from parley.adapters.live import connections
from parley.adapters.people import account_states
from parley.domain.api import ids
from parley.domain.api.request import Request
from parley.domain.api.times import rfc3339
from parley.domain.live.presence import Connection


class Device(Struct, frozen=True, kw_only=True):
    """One connection. It is `current` if the token of this request opened it, directly or through a ticket."""

    connection_id: str
    connected_at: str
    expires_at: str
    current: bool


class DeviceList(Struct, frozen=True, kw_only=True):
    """The caller's connections, newest first. `next` is always null: one answer holds all of them."""

    connections: list[Device]
    next: None = None


class Closed(Struct, frozen=True, kw_only=True):
    """A connection that is closed now, whether it was open or not."""

    connection_id: str


class SignedOut(Struct, frozen=True, kw_only=True):
    """A signed-out person. Tokens that were issued before `signed_out_at` are refused."""

    user_id: str
    signed_out_at: str


def list_connections(request: Request) -> DeviceList:
    """Returns the caller's live connections; one round trip."""
    person = connections.of([request.user_id])[request.user_id]
    live = sorted(person.live(request.now_s), key=lambda device: device.since_ms, reverse=True)
    return DeviceList(connections=[_device(request, device) for device in live])


def close_connection(request: Request, connection_id: str) -> Closed:
    """Closes one of the caller's connections; does nothing if it is closed already. Four round trips at most.

    The device can connect again with its token until a sign-out.
    """
    ids.check_connection_id(connection_id, "{connection_id}")
    presence.close(request, request.user_id, connection_id)
    return Closed(connection_id=connection_id)


def sign_out_user(request: Request, user_id: str) -> SignedOut:
    """Ends every sign-in of a person, their connections and their pushes, for the host's own server; raises Forbidden.

    The order matters: a device that connects or registers meanwhile finds the sign-out. Three round trips, one more if
    devices take pushes, and more for each connection. It answers when its second is over, so that no token of before
    counts, and each after it.
    """
    profiles.require_service(request, "sign people out", "POST /users/{user_id}/sign-out")
    profiles.check_not_own_id(request, user_id)
    end_s = request.now_s + 1
    account_states.sign_out(user_id, end_s)
    in_parallel(lambda: presence.close(request, user_id), lambda: push_devices.remove_devices(user_id))
    account_states.wait_for_next_second(request.now_ms)
    return SignedOut(user_id=user_id, signed_out_at=rfc3339(end_s * 1000))


def _device(request: Request, device: Connection) -> Device:
    signed_in_with = (device.token_s, device.issued_at_s)
    return Device(
        connection_id=device.connection_id,
        connected_at=rfc3339(device.since_ms),
        expires_at=rfc3339(device.until_s * 1000),
        current=signed_in_with == (request.caller.expires_at_s, request.caller.issued_at_s),
    )
