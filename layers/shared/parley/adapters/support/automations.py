"""The automations of the desk, in the table of tickets: one row (`automations`, `list`) with the whole list as JSON.

Each process keeps the list as it knows it (`known`). Once in `CHECK_S` seconds the row is read again, at half the
units. Without any rules that is all that automations cost.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from pynamodb.exceptions import PutError, UpdateError
from pynamodb.transactions import TransactWrite

from parley.adapters.dynamodb import batches, conditions, tables, unreadable
from parley.adapters.dynamodb.batches import Rows
from parley.domain.support.automations import StoredAutomations, decoded, encoded

CHECK_S = 60
KEY = ("automations", "list")


class _Known(Struct, frozen=True, kw_only=True):
    """This process's list."""

    stored: StoredAutomations = StoredAutomations()
    checked_at_s: int | None = None


_known = _Known()


def known(now_s: int, version: int = 0) -> StoredAutomations:
    """Returns the list, `CHECK_S` seconds old at most, and at least of this version; one round trip if it is older.

    A list that cannot be read leaves the known one as it is, which is reported: otherwise no ticket would be told of.
    """
    global _known
    at_s = _known.checked_at_s
    is_new = at_s is not None and 0 <= now_s - at_s < CHECK_S
    if not is_new or _known.stored.version < version:
        # A version that another process has seen may not be everywhere yet.
        rows = batches.read_rows({tables.Ticket: [KEY]}, stale=() if version else (tables.Ticket,))
        try:
            found = _of(rows)
        except unreadable.ERRORS:
            unreadable.report("Tickets", ["/".join(KEY)])
            found = _known.stored
        _known = _Known(stored=found, checked_at_s=now_s)
    return _known.stored


def forget() -> None:
    """Clears the in-process memory; tests use it to simulate a new process."""
    global _known
    _known = _Known()


def get_automations() -> StoredAutomations:
    """Returns the list as it is, an empty one if none was saved; one round trip, 75 units at most."""
    return _of(batches.read_rows({tables.Ticket: [KEY]}))


def put_automations(before: StoredAutomations, after: StoredAutomations) -> None:
    """Replaces the list; raises LostRace if it is not as it was read. One round trip."""
    row = tables.Ticket(*KEY, **_state(after))
    try:
        row.save(condition=_as_read(before))
    except PutError as error:
        if not conditions.failed_condition(error):
            raise
        raise conditions.LostRace from error
    forget()


def move_walk(before: StoredAutomations, walk: str | None) -> StoredAutomations:
    """Notes how far the sweep is among the open tickets, and returns the list so; raises LostRace. One round trip."""
    is_there = _as_read(before) & (tables.Ticket.walk == before.walk)
    try:
        tables.Ticket(*KEY).update(actions=tables.setting(tables.Ticket, {"walk": walk}), condition=is_there)
    except UpdateError as error:
        if not conditions.failed_condition(error):
            raise
        raise conditions.LostRace from error
    return replace(before, walk=walk)


def put_after_erasure(transaction: TransactWrite, read: StoredAutomations, after: StoredAutomations) -> None:
    """Adds to a transaction that an erased person leaves the list; fails if it was changed meanwhile."""
    row = tables.Ticket(*KEY)
    transaction.update(row, actions=tables.setting(tables.Ticket, _state(after)), condition=_as_read(read))


def _as_read(read: StoredAutomations) -> Any:
    version = tables.Ticket.version
    return version.does_not_exist() if not read.version else version == read.version


def _state(stored: StoredAutomations) -> Mapping[str, Any]:
    return {
        "rules": encoded(stored.rules),
        "version": stored.version,
        "updated_at_ms": stored.updated_at_ms,
        "updated_by": stored.updated_by,
        "walk": stored.walk,
    }


def _of(rows: Rows) -> StoredAutomations:
    row = rows.get(tables.Ticket, *KEY)
    if row is None:
        return StoredAutomations()
    return StoredAutomations(
        version=int(row.version),
        rules=decoded(row.rules),
        updated_at_ms=int(row.updated_at_ms),
        updated_by=row.updated_by,
        walk=row.walk,
    )
