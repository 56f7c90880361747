"""Warnings: the newest of each person in one row of the table of reports, under `<user id>#`."""

from typing import Any

import msgspec
from msgspec import Struct

from parley.adapters.dynamodb import batches, conditions, tables
from parley.adapters.moderation import audit, reports
from parley.adapters.people import profiles
from parley.domain.api.warning import StoredWarning, stored_warnings
from parley.domain.conversations.reports import Report
from parley.domain.moderation.audit import Entry
from parley.domain.moderation.warnings import MAX_KEPT
from parley.domain.people.profile import Profile

_Report = tables.Report


class Given(Struct, frozen=True):
    """The warnings of a person, the newest first, and the version of their row, None if there is none."""

    warnings: tuple[StoredWarning, ...]
    version: int | None


def key(user_id: str) -> str:
    """Returns the key of a person's row; no report's id holds a `#`."""
    return f"{user_id}#"


def get_warnings(user_id: str) -> Given:
    """Returns the warnings of a person; strongly consistent, one round trip."""
    row = batches.read_rows({_Report: [(key(user_id),)]}).get(_Report, key(user_id))
    if row is None:
        return Given((), None)
    return Given(stored_warnings((row.warnings or {}).get("newest", ())), int(row.version))


def save(
    profile: Profile,
    given: Given,
    new: StoredWarning,
    entry: Entry,
    decided: tuple[Report, Report] | None = None,
) -> bool:
    """Writes a warning, with the audit entry and the report's decision (before, after).

    Returns False if something is no longer as it was read; one round trip, 6 to 10 write units for short reasons.
    """
    unmoved = _Report.report_id.does_not_exist() if given.version is None else _Report.version == given.version
    try:
        with conditions.transaction() as transaction:
            transaction.condition_check(tables.User, profile.user_id, condition=profiles.unmoved(profile))
            transaction.update(
                _Report(report_id=key(profile.user_id)),
                actions=tables.setting(_Report, _attributes(given, new)),
                condition=unmoved,
            )
            audit.put_entry(transaction, entry)
            if decided is not None:
                reports.put_change(transaction, *decided)
    except conditions.LostRace:
        return False
    return True


def _attributes(given: Given, new: StoredWarning) -> dict[str, Any]:
    """Returns the attributes of a row. An erasure by 0.1.0 reads two attributes of a report in each row of the table.

    Without a status and a reporter the row is in no index.
    """
    newest = (new, *given.warnings)[:MAX_KEPT]
    return {
        "warnings": {"newest": [msgspec.to_builtins(warning) for warning in newest]},
        "version": (given.version or 0) + 1,
        "conversation_id": "#",
        "text": "",
    }
