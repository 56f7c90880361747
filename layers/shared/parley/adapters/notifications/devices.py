"""The devices of people that take pushes, in the table of notifications.

    <user id>          ~devices   all devices of a person, by the client's id
    #device#<digest>   ~device    whose an endpoint or a token is: of one person at a time

No id of a user begins with `#`.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from pynamodb.transactions import TransactWrite

from parley.adapters.dynamodb import batches, conditions, tables
from parley.domain.notifications.notice import Device, Fault
from parley.domain.notifications.push_devices import address_digest, stored_device

_Row = tables.Notification
_PLACE = "~devices"
_HOLDER_PLACE = "~device"


class Registered(Struct, frozen=True, kw_only=True):
    """The devices of a person as they are stored; `version` is None if there is no row."""

    user_id: str
    stored: Mapping[str, Any]  # by id, also of a kind that this version does not know
    version: int | None

    @property
    def devices(self) -> tuple[Device, ...]:
        """Returns the devices, by id."""
        read = (stored_device(device_id, document) for device_id, document in sorted(self.stored.items()))
        return tuple(device for device in read if device is not None)

    def get(self, device_id: str) -> Device | None:
        """Returns the device of this id, or None."""
        return next((device for device in self.devices if device.device_id == device_id), None)


class Holder(Struct, frozen=True):
    """The person and device that an endpoint or token belongs to."""

    user_id: str
    device_id: str


def key(user_id: str) -> tuple[str, str]:
    """Returns the key of the row that has a person's devices."""
    return (user_id, _PLACE)


def of(rows: batches.Rows, user_id: str) -> Registered:
    """Returns the devices of a person, from a batch that held their `key`."""
    row = rows.get(_Row, *key(user_id))
    if row is None:
        return Registered(user_id=user_id, stored={}, version=None)
    return Registered(user_id=user_id, stored=row.devices or {}, version=int(row.version))


def get_devices(user_id: str) -> Registered:
    """Returns the devices of a person; strongly consistent, one round trip."""
    return of(batches.read_rows({_Row: [key(user_id)]}), user_id)


def read_for(user_id: str, wanted: Device) -> tuple[Registered, Holder | None]:
    """Returns a person's devices, and who has the endpoint or token of a device; one round trip."""
    holder_key = _holder_key(wanted)
    rows = batches.read_rows({_Row: [key(user_id), holder_key]})
    row = rows.get(_Row, *holder_key)
    return of(rows, user_id), None if row is None else Holder(row.user_id, row.device_id)


def put_device(
    registered: Registered, device: Device, holder: Holder | None, theirs: Registered | None, issued_at_s: int
) -> None:
    """Registers a device; its endpoint or token leaves its holder. Raises LostRace; one round trip.

    `theirs` are the devices of the holder, if that is another person. The transaction also checks that the caller was
    not signed out since `issued_at_s`: a request that began before must not bring back what the sign-out removes.
    """
    before = registered.get(device.device_id)
    left = {device_id: document for device_id, document in registered.stored.items() if device_id != device.device_id}
    if holder is not None and theirs is None:
        left.pop(holder.device_id, None)
    with conditions.transaction() as transaction:
        _put_devices(transaction, registered, left | {device.device_id: _document(device)})
        _put_holder(transaction, registered.user_id, device, holder)
        if before is not None and address_digest(before) != address_digest(device):
            _free(transaction, registered.user_id, before)
        if holder is not None and theirs is not None and holder.device_id in theirs.stored:
            rest = {each: document for each, document in theirs.stored.items() if each != holder.device_id}
            _put_devices(transaction, theirs, rest)
        transaction.condition_check(
            tables.AccountState,
            registered.user_id,
            condition=~tables.AccountState.signed_out_at_s.is_type()
            | (tables.AccountState.signed_out_at_s <= issued_at_s),
        )


def remove(registered: Registered, devices: Collection[Device]) -> None:
    """Removes devices, all or nothing; raises LostRace. One round trip."""
    with conditions.transaction() as transaction:
        put_removed(transaction, registered, devices)


def put_removed(transaction: TransactWrite, registered: Registered, devices: Collection[Device]) -> None:
    """Adds to a transaction that a person's devices go; it fails if the person's devices have changed."""
    gone = {device.device_id for device in devices}
    left = {device_id: document for device_id, document in registered.stored.items() if device_id not in gone}
    _put_devices(transaction, registered, left)
    for device in devices:
        _free(transaction, registered.user_id, device)


def remove_all(registered: Registered) -> None:
    """Removes all devices of a person; raises LostRace. One round trip."""
    with conditions.transaction() as transaction:
        _put_devices(transaction, registered, {})
        for device in registered.devices:
            _free(transaction, registered.user_id, device)


def put_erased(transaction: TransactWrite, registered: Registered) -> None:
    """Adds to a transaction that a person's row is deleted with all devices; it fails if they have changed."""
    transaction.delete(_Row(*key(registered.user_id)), condition=_Row.version == registered.version)
    for device in registered.devices:
        _free(transaction, registered.user_id, device)


def remove_gone(user_id: str, gone: Sequence[Device]) -> None:
    """Removes devices that take no pushes any more, unless they have registered again; two round trips."""
    for _ in conditions.tries():
        registered = get_devices(user_id)
        known = [device for device in gone if registered.get(device.device_id) == device]
        if not known:
            return
        try:
            remove(registered, known)
        except conditions.LostRace:
            continue
        return


def note_faults(user_id: str, noted: Mapping[Device, Fault | None]) -> None:
    """Notes why devices take no pushes, or that they do again (None), unless they have registered again since.

    Two round trips. It gives up if the person's devices change meanwhile: the next push finds the same.
    """
    registered = get_devices(user_id)
    documents = {
        device.device_id: _document(replace(device, fault=fault))
        for device, fault in noted.items()
        if registered.get(device.device_id) == device
    }
    if documents:
        with suppress(conditions.LostRace), conditions.transaction() as transaction:
            _put_devices(transaction, registered, {**registered.stored, **documents})


def _put_devices(transaction: TransactWrite, registered: Registered, stored: Mapping[str, Any]) -> None:
    unmoved = _Row.version.does_not_exist() if registered.version is None else _Row.version == registered.version
    # The row stays without any device, so that its version never comes again.
    changed = {"devices": dict(stored), "version": (registered.version or 0) + 1}
    transaction.update(_Row(*key(registered.user_id)), actions=tables.setting(_Row, changed), condition=unmoved)


def _put_holder(transaction: TransactWrite, user_id: str, device: Device, holder: Holder | None) -> None:
    as_read = _Row.key.does_not_exist() if holder is None else _is_held_by(holder)
    row = _Row(*_holder_key(device), user_id=user_id, device_id=device.device_id)
    transaction.save(row, condition=as_read)


def _free(transaction: TransactWrite, user_id: str, device: Device) -> None:
    held = _Row.key.does_not_exist() | _is_held_by(Holder(user_id, device.device_id))
    transaction.delete(_Row(*_holder_key(device)), condition=held)


def _is_held_by(holder: Holder) -> Any:
    return (_Row.user_id == holder.user_id) & (_Row.device_id == holder.device_id)


def _holder_key(device: Device) -> tuple[str, str]:
    return (f"#device#{address_digest(device)}", _HOLDER_PLACE)


def _document(device: Device) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(device)
    del document["device_id"]
    return document
