"""Sweeps: rows that are due, handed from a scheduled run to others by a queue."""

from typing import Literal
from zlib import crc32

from msgspec import Struct

SweepKind = Literal["presence", "typing", "calls"]
# Parts of the index of each sweep. One takes 1,000 writes a second (DynamoDB quotas), and does not split, because its
# entries come in the order of their time. D-107 says for how many people these are enough.
SHARDS: dict[SweepKind, int] = {"presence": 16, "typing": 32, "calls": 4}

Key = tuple[str, ...]  # of a row

OWN_ROWS = 100  # that a scheduled run deals with itself: no queue is needed while few are due
JOB_ROWS = 100  # as many as one batch reads (DynamoDB quotas)
# The next minute's run finds again what is left, so an older job would only do what a newer one does too.
MAX_WAIT_S = 60


def shards(kind: SweepKind) -> tuple[str, ...]:
    """Returns the parts of a sweep's index."""
    return tuple(str(number) for number in range(SHARDS[kind]))


def shard(kind: SweepKind, key: str) -> str:
    """Returns the part of a sweep's index that a row stands in."""
    return str(crc32(key.encode()) % SHARDS[kind])


class SweepJob(Struct, frozen=True, kw_only=True):
    """Rows of one sweep, found to be due at `at_s`; they are judged by that time."""

    kind: SweepKind
    keys: tuple[Key, ...]
    at_s: int
