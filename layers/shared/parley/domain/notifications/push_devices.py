"""The devices that a person has registered for pushes. No AWS, no clock."""

import base64
import binascii
import hashlib
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from parley.domain.api.errors import Invalid
from parley.domain.api.fields import form
from parley.domain.api.requests import Body
from parley.domain.api.times import rfc3339
from parley.domain.notifications.notice import Device, DeviceKind

MAX_DEVICES = 25  # of a person
MAX_ENDPOINT_CHARACTERS = 1_024
MAX_TOKEN_CHARACTERS = 1_024
MAX_FAULT_CHARACTERS = 64  # of the answer of a push service that a device's owner sees
POINT_BYTES, AUTH_BYTES = 65, 16
REFRESH_MS = 24 * 3_600_000  # an unchanged device that registers again within this time writes nothing

_OF_KEYS = "a key is base64url without padding, as PushSubscription.toJSON() has it"
Key = Annotated[str, form(r"^[A-Za-z0-9_-]+={0,2}$(?!\n)", _OF_KEYS, 128)]
Endpoint = Annotated[str, Meta(min_length=1, max_length=MAX_ENDPOINT_CHARACTERS)]
Token = Annotated[
    str,
    form(
        r"^[A-Za-z0-9:._=/+-]+$(?!\n)",
        "a token has A-Z a-z 0-9 : . _ = / + -, as the platform gave it",
        MAX_TOKEN_CHARACTERS,
    ),
]


class PushKeys(Struct, frozen=True, forbid_unknown_fields=True):
    """The keys of a browser's subscription, as `PushSubscription.toJSON()` has them."""

    p256dh: Key
    auth: Key


class PutDevice(Body, frozen=True, kw_only=True):
    """PUT /me/devices/{device_id}: a browser has `endpoint` and `keys`, a mobile app has its `token`."""

    kind: DeviceKind
    endpoint: Endpoint | UnsetType = UNSET
    keys: PushKeys | UnsetType = UNSET
    token: Token | UnsetType = UNSET


class PushFault(Struct, frozen=True):
    """The reason why pushes do not reach a device: `failed` may pass, `refused` does not.

    `answer` is that of the push service.
    """

    state: Literal["failed", "refused"]
    answer: str
    since: str


class PushDevice(Struct, frozen=True, kw_only=True):
    """A device that takes pushes. Its keys and tokens are shown to nobody.

    `fault` is null while pushes arrive, and before the first one.
    """

    device_id: str
    kind: DeviceKind
    registered_at: str
    fault: PushFault | None


class PushDeviceList(Struct, frozen=True, kw_only=True):
    """All devices of the caller that take pushes, by id. `next` is always null: one answer holds all of them."""

    devices: list[PushDevice]
    next: None = None


class DeletedDevice(Struct, frozen=True, kw_only=True):
    """A device that takes no pushes now, whether it did or not."""

    device_id: str


def view(device: Device) -> PushDevice:
    """Returns a device as its owner sees it."""
    fault = device.fault
    return PushDevice(
        device_id=device.device_id,
        kind=device.kind,
        registered_at=rfc3339(device.at_ms),
        fault=None if fault is None else PushFault(fault.state, fault.answer, rfc3339(fault.since_ms)),
    )


def check_shape(wanted: PutDevice, prefix: str) -> None:
    """Raises Invalid for a field that the kind lacks or does not have, and for keys of wrong lengths."""
    needed = ("endpoint", "keys") if wanted.kind == "web_push" else ("token",)
    for name in ("endpoint", "keys", "token"):
        is_there = getattr(wanted, name) is not UNSET
        if is_there and name not in needed:
            raise Invalid.field(
                f"{prefix}/{name}", "unknown_field", f"A device of the kind {wanted.kind} has no {name}."
            )
        if not is_there and name in needed:
            raise Invalid.field(f"{prefix}/{name}", "required", f"A device of the kind {wanted.kind} needs {name}.")
    if isinstance(wanted.keys, PushKeys):
        for name, text, length in (("p256dh", wanted.keys.p256dh, POINT_BYTES), ("auth", wanted.keys.auth, AUTH_BYTES)):
            if len(octets(text)) != length:
                detail = f"{name} must be {length} bytes in base64url."
                raise Invalid.field(f"{prefix}/keys/{name}", "bad_format", detail)


def octets(text: str) -> bytes:
    """Returns the bytes of a text in base64url, with padding or without; none if it is not one."""
    bare = text.rstrip("=")
    try:
        return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    except (ValueError, binascii.Error):
        return b""


def address_digest(device: Device) -> str:
    """Returns what names the endpoint or token of a device, wherever it is registered: SHA-256 in hex."""
    address = device.endpoint if device.kind == "web_push" else device.token
    return hashlib.sha256(f"{device.kind}\n{address}".encode()).hexdigest()


def is_same(one: Device, other: Device) -> bool:
    """Says whether two devices differ in nothing but the time of their registration, and how pushes to them ended."""
    bare = {"at_ms": 0, "fault": None}
    return msgspec.structs.replace(one, **bare) == msgspec.structs.replace(other, **bare)


def stored_device(device_id: str, document: Any) -> Device | None:
    """Returns a device as it is stored, or None for one of a kind that this version does not know."""
    try:
        return msgspec.convert({**document, "device_id": device_id}, type=Device)
    except (msgspec.ValidationError, TypeError):
        return None
