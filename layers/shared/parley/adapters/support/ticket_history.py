"""The history of a ticket: its entries in the outbox, which never expire (D-502)."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from msgspec.structs import replace

from parley.adapters.dynamodb import batches, tables, unreadable
from parley.adapters.support.tickets import history_key
from parley.domain.api.outbox import OutboxEntry


def key(ticket_id: str, number: int) -> batches.Key:
    """Returns the key of an entry, for a batch."""
    return (history_key(ticket_id), number)


def entry_of(rows: batches.Rows, ticket_id: str, number: int) -> OutboxEntry | None:
    """Returns an entry from a batch; None if there is none, or it cannot be read, which is reported."""
    wanted = key(ticket_id, number)

    def read(_: batches.Key) -> OutboxEntry | None:
        row = rows.get(tables.Message, *wanted)
        return None if row is None else _entry(ticket_id, row)

    return unreadable.readable("Messages", [wanted], read).get(wanted)


def entries_after(ticket_id: str, number: int, limit: int) -> list[OutboxEntry]:
    """Returns up to `limit` entries after a number, the oldest first; one round trip."""
    return list(islice(_entries_after(ticket_id, number, limit), limit))


def shown_after(ticket_id: str, number: int, limit: int) -> list[OutboxEntry]:
    """Returns what `entries_after` returns, as the requester sees it: no gaps, and nothing that is for agents alone.

    That are the entries of clocks, and of rules that only notify agents.

    Their `number` and the one given count the entries that they see. One round trip, and one more for each `limit`
    entries that are left out.
    """
    # No entry has a smaller number than the requester sees, so none of the page is before this start.
    found = (
        replace(entry, number=entry.number - int(entry.about.get("hidden", 0)))
        for entry in _entries_after(ticket_id, number, limit)
    )
    shown = (entry for entry in found if entry.number > number and not _is_of_desk(entry.about))
    return list(islice(shown, limit))


def _is_of_desk(about: Mapping[str, Any]) -> bool:
    return about["event"].startswith("sla_") or "unseen" in about


def _entries_after(ticket_id: str, number: int, page: int) -> Iterator[OutboxEntry]:
    rows = tables.Message.query(
        history_key(ticket_id), tables.Message.seq > number, consistent_read=True, page_size=page
    )
    for row in rows:
        yield _entry(ticket_id, row)


def _entry(ticket_id: str, row: tables.Message) -> OutboxEntry:
    return OutboxEntry(
        kind="ticket",
        id=ticket_id,
        number=int(row.seq),
        at_ms=int(row.created_at_ms or 0),
        about=row.about or {},
    )
