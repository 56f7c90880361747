"""Suspensions: in the row that admission reads with every request (`account_states.py`)."""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct
from pynamodb.transactions import TransactWrite

from parley.adapters.dynamodb import batches, conditions, tables, unreadable
from parley.adapters.dynamodb.documents import to_wire
from parley.adapters.moderation import audit, reports
from parley.adapters.people import account_states, profiles
from parley.domain.api.suspension import Suspension, stored_suspension
from parley.domain.conversations.reports import Report
from parley.domain.moderation.audit import Entry
from parley.domain.moderation.suspensions import SuspensionPosition
from parley.domain.people.profile import Profile

HELD = "yes"  # the one key of the index: moderators suspend so few people that one partition holds them

_State = tables.AccountState


class Held(Struct, frozen=True):
    """A person's row as it was read, with its suspension, which may have ended."""

    row: _State | None
    suspension: Suspension | None


class Suspended(Struct, frozen=True):
    """A suspended person; `document` is the suspension as it is stored."""

    user_id: str
    suspension: Suspension
    document: dict[str, Any]


def get_suspension(user_id: str) -> Held:
    """Returns a person's row; strongly consistent, one round trip."""
    row = account_states.get_state(user_id)
    return Held(row, None if row is None or row.suspension is None else stored_suspension(row.suspension))


def suspended_among(user_ids: Iterable[str], now_ms: int) -> set[str]:
    """Returns those of these people who are suspended at a time; one round trip, half a unit each."""
    wanted = list(user_ids)
    rows = batches.read_rows({_State: [(user_id,) for user_id in wanted]}, stale=(_State,))
    found = {user_id: rows.get(_State, user_id) for user_id in wanted}
    return {
        user_id
        for user_id, row in found.items()
        if row is not None and row.suspended is not None and int(row.suspended_until_ms) > now_ms
    }


def is_shut_out(rows: batches.Rows, user_id: str, now_ms: int) -> bool:
    """Says whether a person may not even read at a time, from a batch that held their row of `tables.AccountState`.

    A row that cannot be read shuts them out: it must not let through what a moderator has forbidden.
    """
    try:
        row = rows.get(_State, user_id)
        if row is None or row.suspension is None:
            return False
        suspension = stored_suspension(row.suspension)
    except unreadable.ERRORS:
        suspension = None
    if suspension is None:
        unreadable.report("AccountStates", [user_id])
        return True
    return suspension.scope == "all" and suspension.holds(now_ms)


def list_suspensions(limit: int, now_ms: int, after: SuspensionPosition | None) -> list[Suspended]:
    """Returns up to `limit` suspended people by the end of the suspension, if it comes after `now_ms`.

    Eventually consistent, one round trip.
    """
    start = None
    if after is not None:
        start = {
            "suspended": to_wire(HELD),
            "suspended_until_ms": to_wire(after.until_ms),
            "user_id": to_wire(after.user_id),
        }
    found = _State.by_suspension.query(
        HELD, _State.suspended_until_ms > now_ms, limit=limit, page_size=limit, last_evaluated_key=start
    )
    read = [(row, stored_suspension(row.suspension)) for row in found]
    return [Suspended(row.user_id, suspension, row.suspension) for row, suspension in read if suspension is not None]


def save(
    profile: Profile, known: Held, new: Suspension, entry: Entry, decided: tuple[Report, Report] | None = None
) -> bool:
    """Writes a suspension, begun or lifted, with the audit entry and the report's decision (before, after).

    Returns False if something is no longer as it was read; one round trip, 7 to 12 write units.
    """
    read = known.row.suspension if known.row is not None else None
    try:
        with conditions.transaction() as transaction:
            transaction.condition_check(tables.User, profile.user_id, condition=profiles.unmoved(profile))
            account_states.change(
                transaction,
                profile.user_id,
                known.row,
                tables.setting(_State, _attributes(new)),
                -(-new.until_ms // 1000),
                _State.suspension.does_not_exist() if read is None else _State.suspension == read,
            )
            audit.put_entry(transaction, entry)
            if decided is not None:
                reports.put_change(transaction, *decided)
    except conditions.LostRace:
        return False
    return True


def rename_author(transaction: TransactWrite, read: Suspended, author: str) -> None:
    """Adds to a transaction that a suspension has another author; it fails if the suspension was changed meanwhile."""
    transaction.update(
        _State(user_id=read.user_id),
        actions=[_State.suspension.set({**read.document, "suspended_by": author})],
        condition=_State.suspension == read.document,
    )


def _attributes(new: Suspension) -> dict[str, Any]:
    """Returns the attributes of a row; a lifted suspension leaves the index, and stays for a retry of its end."""
    listed = (HELD, new.until_ms) if new.lifted_at_ms is None else (None, None)
    return {
        "suspension": msgspec.to_builtins(new),
        **dict(zip(("suspended", "suspended_until_ms"), listed, strict=True)),
    }
