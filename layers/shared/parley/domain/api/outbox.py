"""The outbox: rows in the stream of messages for acts that no message tells of.

Only the table of messages has a stream. An act that later work must hear of (webhooks, notifications, statistics)
writes its entry in its own transaction, so the entry exists if and only if the act was done.
"""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

OutboxKind = Literal[
    "attachment",
    "attachments_released",
    "call",
    "moderation",
    "report",
    "ticket",
    "ticket_import",
    "user_updated",
]
KEPT_FOR_GOOD: frozenset[OutboxKind] = frozenset({"ticket"})  # they are the history of a ticket (D-502)
LATEST = 1  # the number of an entry that replaces the one before, if only the latest state of a thing matters
KEPT_S = 7 * 24 * 3600  # the stream itself keeps a record for 24 h (DynamoDB developer guide, "DynamoDB Streams")


class OutboxEntry(Struct, frozen=True, kw_only=True):
    """One entry: the `number` orders the entries of a thing (`kind` and `id`); `about` is what readers need of it."""

    kind: OutboxKind
    id: str
    number: int
    at_ms: int
    about: Mapping[str, Any] = {}
