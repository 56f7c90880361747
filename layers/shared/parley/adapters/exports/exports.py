"""Exports: each job's row, and for each person one row of their requests in the last 24 hours."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from pynamodb.exceptions import PutError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path

from parley.adapters.dynamodb import batches, conditions, tables, unreadable
from parley.adapters.dynamodb.documents import from_wire
from parley.adapters.moderation import audit
from parley.domain.exports.job import RECENT_MS, Asked, Job, Recent
from parley.domain.moderation.audit import Entry

_FIELDS = Job.__struct_fields__


def get_job(export_id: str) -> Job | None:
    """Returns a job, or None; one round trip."""
    return some([export_id]).get(export_id)


def some(export_ids: Iterable[str]) -> dict[str, Job]:
    """Returns those of these jobs that exist and can be read, by id; one round trip."""
    wanted = list(export_ids)
    rows = batches.read_rows({tables.Export: [(export_id,) for export_id in wanted]})

    def read(export_id: str) -> Job | None:
        row = rows.get(tables.Export, export_id)
        return None if row is None else job_of(row)

    return unreadable.readable("Exports", wanted, read)


def recent(user_id: str) -> Recent:
    """Returns a person's requests, including expired ones; one round trip.

    It leaves out damaged ones, and reports them: they hide no others, and the next request writes the row again.
    """
    key = _key_of(user_id)
    item = batches.read_rows({tables.Export: [(key,)]}).item(tables.Export, key)
    if item is None:
        return Recent(user_id=user_id)
    asked, revision = item.get("asked", {"M": {}}).get("M"), item.get("revision", {}).get("N")
    if asked is None or revision is None:
        unreadable.report("Exports", [key])
    wire = asked or {}
    found = unreadable.readable("Exports", wire, lambda export_id: _asked(export_id, wire[export_id]))
    return Recent(user_id=user_id, revision=int(revision or 0), asked=tuple(found.values()))


def _asked(export_id: str, wire: Mapping[str, Any]) -> Asked:
    return msgspec.convert({"export_id": export_id, **from_wire(wire)}, type=Asked)


def add(job: Job, asked: Recent, entry: Entry | None = None) -> None:
    """Writes a new job, its owner's row and its entry of the audit log, all or nothing; raises LostRace.

    `asked` is the row's new state.
    """
    with conditions.transaction() as transaction:
        transaction.save(_row(job), condition=tables.Export.export_id.does_not_exist())
        transaction.save(_recent_row(asked, job), condition=_was(asked.revision - 1))
        if entry is not None:
            audit.put_entry(transaction, entry)


def save(job: Job) -> Job:
    """Writes a job after one revision, and returns it; raises LostRace. One round trip."""
    try:
        _row(job).save(condition=tables.Export.revision == job.revision - 1)
    except PutError as error:
        if not conditions.failed_condition(error):
            raise
        # botocore writes a second time if the first answer was lost; then the row is already as this write made it.
        if get_job(job.export_id) != job:
            raise conditions.LostRace from error
    return job


def _was(revision: int) -> Condition:
    unchanged: Condition = tables.Export.revision == revision
    # A row whose revision is damaged counts as none.
    return unchanged | ~Path(tables.Export.revision).is_type("N") if revision == 0 else unchanged


def _key_of(user_id: str) -> str:
    return f"{user_id}#"  # neither a user's nor an export's id holds this character


def _row(job: Job) -> tables.Export:
    values = {name: getattr(job, name) for name in _FIELDS}
    plain = {name: msgspec.to_builtins(getattr(job, name)) for name in ("archive", "search")}
    return tables.Export(**values | plain | {"parts": list(job.parts)})


def _recent_row(asked: Recent, job: Job) -> tables.Export:
    return tables.Export(
        export_id=_key_of(asked.user_id),
        user_id=asked.user_id,
        revision=asked.revision,
        expires_at_s=(job.created_at_ms + RECENT_MS) // 1000,
        asked={
            export.export_id: {
                name: value for name, value in msgspec.to_builtins(export).items() if name != "export_id"
            }
            for export in asked.asked
        },
    )


def job_of(row: tables.Export) -> Job:
    """Returns the job in a row, if it is not a row of a person's requests."""
    values = {name: value for name in _FIELDS if (value := getattr(row, name)) is not None}
    return msgspec.convert(values, type=Job)
