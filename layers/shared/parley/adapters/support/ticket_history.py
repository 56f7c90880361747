"""The history of a ticket: its entries in the outbox, which never expire (D-502)."""

from parley.adapters.dynamodb import tables
from parley.adapters.support.tickets import history_key
from parley.domain.api.outbox import OutboxEntry


def entries_after(ticket_id: str, number: int, limit: int) -> list[OutboxEntry]:
    """Returns up to `limit` entries after a number, the oldest first; one round trip."""
    found = tables.Message.query(
        history_key(ticket_id),
        tables.Message.seq > number,
        consistent_read=True,
        limit=limit,
        page_size=limit,
    )
    return [
        OutboxEntry(
            kind="ticket",
            id=ticket_id,
            number=int(row.seq),
            at_ms=int(row.created_at_ms or 0),
            about=row.about or {},
        )
        for row in found
    ]
