"""Sweeps: due rows, which a scheduled run hands to others by a queue."""

from typing import Literal
from zlib import crc32

from msgspec import Struct

SweepKind = Literal["presence", "typing", "calls", "tickets"]
# Parts of the index of each sweep. A part takes 1,000 writes a second (DynamoDB quotas), and does not split, because
# its entries come in the order of their time. D-107 says for how many people these parts are enough.
SHARDS: dict[SweepKind, int] = {"presence": 16, "typing": 32, "calls": 4, "tickets": 8}

Key = tuple[str, ...]  # of a row

OWN_ROWS = 100  # rows that a scheduled run handles itself: few due rows need no queue
JOB_ROWS = 100  # as many as one batch reads (DynamoDB quotas)
# The next minute's run finds the remaining rows again, so an older job would only repeat a newer job's work.
MAX_WAIT_S = 60
MAX_DELAY_S = 45  # of a job that the queue holds back; with the time until Lambda takes it that is under `MAX_WAIT_S`


def shards(kind: SweepKind) -> tuple[str, ...]:
    """Returns the parts of a sweep's index."""
    return tuple(str(number) for number in range(SHARDS[kind]))


def shard(kind: SweepKind, key: str) -> str:
    """Returns a row's part of a sweep's index."""
    return str(crc32(key.encode()) % SHARDS[kind])


class SweepJob(Struct, frozen=True, kw_only=True):
    """Rows of one sweep that were due at `at_s`; they are judged by that time."""

    kind: SweepKind
    keys: tuple[Key, ...]
    at_s: int
