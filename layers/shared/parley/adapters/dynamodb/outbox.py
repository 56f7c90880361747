"""Entries of the outbox: rows in the table of messages, under `#<kind>#<id>`; no conversation's key begins with `#`."""

from pynamodb.transactions import TransactWrite

from parley.adapters.dynamodb import tables
from parley.domain.api.outbox import KEPT_FOR_GOOD, KEPT_S, OutboxEntry, OutboxKind


def key(kind: OutboxKind, of_id: str) -> str:
    """Returns the key under which the entries of a thing are."""
    return f"#{kind}#{of_id}"


def put_entry(transaction: TransactWrite, entry: OutboxEntry) -> None:
    """Adds an entry to the transaction of its act."""
    transaction.save(row(entry))


def row(entry: OutboxEntry) -> tables.Message:
    """Returns the row of an entry."""
    return tables.Message(
        conversation_id=key(entry.kind, entry.id),
        seq=entry.number,
        outbox=entry.kind,
        created_at_ms=entry.at_ms,
        about=dict(entry.about),
        expires_at_s=None if entry.kind in KEPT_FOR_GOOD else entry.at_ms // 1000 + KEPT_S,
    )
