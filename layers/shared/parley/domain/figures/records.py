"""A record of the stream of messages, as the functions that take whole batches get it."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct


class Record(Struct, frozen=True, kw_only=True):
    """A record: its number in its shard, when it was written, and the row; None of one that was put back."""

    sequence: int
    written_at_s: int
    row: Mapping[str, Any] | None
