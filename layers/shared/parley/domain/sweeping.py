"""Sweeps: rows that are due, handed from a scheduled run to others by a queue."""

from typing import Literal

from msgspec import Struct

SweepKind = Literal["presence", "typing", "calls"]
Key = tuple[str, ...]  # of a row

OWN_ROWS = 100  # that a scheduled run deals with itself: no queue is needed while few are due
JOB_ROWS = 100  # as many as one batch reads (DynamoDB quotas)
# The next minute's run finds again what is left, so an older job would only do what a newer one does too.
MAX_JOB_AGE_S = 60


class SweepJob(Struct, frozen=True, kw_only=True):
    """Rows of one sweep, found to be due at `at_s`; they are judged by that time."""

    kind: SweepKind
    keys: tuple[Key, ...]
    at_s: int

    def is_stale(self, now_s: int) -> bool:
        return now_s - self.at_s >= MAX_JOB_AGE_S
