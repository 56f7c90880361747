"""Reports of messages, and their queue."""

from collections.abc import Iterable
from typing import Any

import msgspec
from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from parley.adapters.dynamodb import batches, clients, conditions, outbox, tables, unreadable
from parley.adapters.dynamodb.documents import to_wire
from parley.adapters.moderation import audit
from parley.domain.api.outbox import LATEST, OutboxEntry
from parley.domain.conversations.reports import Report, ReportedAttachment, ReportPosition
from parley.domain.moderation.audit import Entry

_NUMBERS = ("seq", "created_at_ms", "version", "handled_at_ms")


def row(report: Report) -> tables.Report:
    """Returns a report's row, to be saved in the transaction of its subject."""
    files = [msgspec.structs.astuple(attachment) for attachment in report.attachments]
    return tables.Report(**msgspec.to_builtins(report) | {"attachments": files or None})


def put_new(transaction: TransactWrite, report: Report, condition: Condition | None = None) -> None:
    """Adds a new report and the outbox's entry of it to the transaction of its subject; 4 write units."""
    transaction.save(row(report), condition=condition)
    outbox.put_entry(
        transaction, OutboxEntry(kind="report", id=report.report_id, number=LATEST, at_ms=report.created_at_ms)
    )


def add(report: Report, *, marks: bool) -> bool:
    """Writes a report; returns False if one of its id exists already; one round trip.

    The first of a conversation `marks` it in the same transaction: 6 write units, and those of its head twice.
    """
    try:
        with conditions.transaction() as transaction:
            put_new(transaction, report, tables.Report.report_id.does_not_exist())
            if marks:
                transaction.update(
                    tables.Conversation(conversation_id=report.conversation_id),
                    actions=[tables.Conversation.is_reported.set(True)],
                    condition=tables.Conversation.conversation_id.exists(),
                )
    except conditions.LostRace:
        return False
    return True


def get_report(report_id: str) -> Report | None:
    """Returns a report, or None; one round trip."""
    try:
        return _report(tables.Report.get(report_id, consistent_read=True))
    except tables.Report.DoesNotExist:
        return None


def list_reports(status: str, limit: int, after: ReportPosition | None, *, newest_first: bool) -> list[Report]:
    """Returns up to `limit` reports of a status by time, without users' words; one round trip."""
    start = None
    if after is not None:
        start = {
            "status": to_wire(status),
            "created_at_ms": to_wire(after.created_at_ms),
            "report_id": to_wire(after.report_id),
        }
    found = tables.Report.by_status.query(
        status, scan_index_forward=not newest_first, page_size=limit, last_evaluated_key=start
    )
    return unreadable.first("Reports", found, _report, limit)


def of_reporter(reporter_id: str, limit: int, after: ReportPosition | None) -> list[ReportPosition]:
    """Returns the places of up to `limit` reports of a person, newest first; one round trip.

    The index may be a second late.
    """
    start = None
    if after is not None:
        start = {
            "reporter_id": to_wire(reporter_id),
            "created_at_ms": to_wire(after.created_at_ms),
            "report_id": to_wire(after.report_id),
        }
    found = tables.Report.by_reporter.query(
        reporter_id, scan_index_forward=False, limit=limit, page_size=limit, last_evaluated_key=start
    )
    return [ReportPosition(created_at_ms=int(row.created_at_ms), report_id=row.report_id) for row in found]


def some(report_ids: Iterable[str]) -> list[Report]:
    """Returns the reports of these ids that exist and can be read, whole and in this order; one round trip per 100."""
    wanted = list(report_ids)
    rows = batches.read_rows({tables.Report: [(report_id,) for report_id in wanted]})

    def read(report_id: str) -> Report | None:
        row = rows.get(tables.Report, report_id)
        return None if row is None else _report(row)

    return list(unreadable.readable("Reports", wanted, read).values())


def change(known: Report, changed: Report, entry: Entry) -> bool:
    """Writes a moderator's change of a report, and the audit entry; False if the report is no longer as `known`."""
    try:
        with TransactWrite(connection=clients.dynamodb) as transaction:
            put_change(transaction, known, changed)
            audit.put_entry(transaction, entry)
    except TransactWriteError as error:
        if conditions.lost_race(error):
            return False
        raise
    return True


def put_change(transaction: TransactWrite, known: Report, changed: Report) -> None:
    """Adds a moderator's change of a report to the transaction of their act."""
    before, after = msgspec.to_builtins(known), msgspec.to_builtins(changed)
    actions = [getattr(tables.Report, name).set(value) for name, value in after.items() if value != before[name]]
    transaction.update(
        tables.Report(report_id=known.report_id), actions=actions, condition=tables.Report.version == known.version
    )


def _report(found: tables.Report) -> Report:
    fields: dict[str, Any] = {name: getattr(found, name) for name in Report.__struct_fields__}
    fields |= {name: int(fields[name]) for name in _NUMBERS if fields[name] is not None}
    names = ReportedAttachment.__struct_fields__
    files = [dict(zip(names, values, strict=True)) for values in fields["attachments"] or ()]
    # The index, and so the queue, has neither text nor attachments.
    return msgspec.convert(fields | {"text": fields["text"] or "", "attachments": files}, type=Report)
