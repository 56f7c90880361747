"""The audit log: entries are added, if possible in the transaction of the act itself, and read."""

import msgspec
from pynamodb.exceptions import PutError
from pynamodb.transactions import TransactWrite

from parley.adapters.dynamodb import batches, conditions, outbox, tables, unreadable
from parley.domain.moderation.audit import Entry, month_of, told_entry

_row_is_new = tables.AuditEntry.entry_id.does_not_exist()


def put_entry(transaction: TransactWrite, entry: Entry) -> None:
    """Adds an entry to the transaction of the act itself, and that of the outbox if webhooks tell of the act.

    Nothing ever overwrites an entry.
    """
    transaction.save(_row(entry), condition=_row_is_new)
    told = told_entry(entry)
    if told is not None:
        outbox.put_entry(transaction, told)


def write_entry(entry: Entry) -> None:
    """Adds an entry, once; one round trip. An act that only reads is logged before anything is shown."""
    try:
        _row(entry).save(condition=_row_is_new)
    except PutError as error:
        # The same thing at the same moment is one entry: a retry finds it there.
        if not conditions.failed_condition(error):
            raise


def _row(entry: Entry) -> tables.AuditEntry:
    return tables.AuditEntry(month=entry.month, **msgspec.to_builtins(entry))


def get_entry(entry_id: str) -> Entry | None:
    """Returns an entry, or None; one round trip."""
    key = (month_of(int(entry_id.partition(".")[0])), entry_id)
    row = batches.read_rows({tables.AuditEntry: [key]}).get(tables.AuditEntry, *key)
    return None if row is None else _entry(row)


def newest(month: str, limit: int, *, before: str | None, since_id: str) -> list[Entry]:
    """Returns up to `limit` entries of a month, the newest first: older than `before`, from `since_id` on."""
    entry_id = tables.AuditEntry.entry_id
    # `between` takes in both its ends.
    wanted = entry_id >= since_id if before is None else entry_id.between(since_id, before)
    found = tables.AuditEntry.query(month, wanted, scan_index_forward=False, page_size=limit + 1, consistent_read=True)
    entries = unreadable.first("Audit", found, _entry, limit + 1)
    return [entry for entry in entries if entry.entry_id != before][:limit]


def _entry(row: tables.AuditEntry) -> Entry:
    fields = ("entry_id", "actor_id", "actor_role", "action", "target", "details", "request_id")
    return msgspec.convert({name: getattr(row, name) for name in fields} | {"at_ms": int(row.at_ms)}, type=Entry)
