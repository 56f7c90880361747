"""Sweeps: due rows are handled side by side, each by itself, until the time of the run is up.

A scheduled run handles the first rows itself and hands the others over, in jobs that run at the same time.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, Protocol, TypeVar

from parley.adapters.live import queues
from parley.adapters.threads import Threads
from parley.domain.api.request import Request
from parley.domain.live.sweeps import JOB_ROWS, MAX_DELAY_S, OWN_ROWS, Key, SweepJob, SweepKind

AT_ONCE = 32  # rows; each waits for AWS nearly all of its time
JOBS_AT_ONCE = 10  # one call of the queue

Row = TypeVar("Row")
Result = TypeVar("Result")

_rows = Threads(max_workers=AT_ONCE, thread_name_prefix="sweep")


class Run(Protocol):
    """One run of a sweep. Its trigger knows the remaining time, and logs and counts failures."""

    def has_time(self) -> bool:
        """Says whether there is time for another row."""

    def attempt(self, do: Callable[[], Result], **ids: str) -> Result | None:
        """Returns the result of `do`; if it raises, logs it under these ids, counts it and returns None."""

    def failed(self, count: int) -> None:
        """Counts failures that raised nothing."""

    def noticed(self, metric: str) -> None:
        """Counts a row that calls for the operator; the run writes each such metric once, at its end."""


@dataclass(frozen=True, kw_only=True)
class RowSweep(Generic[Row]):
    """The work of a sweep on one row.

    `read` reads up to `JOB_ROWS` rows at once. If it fails, `sweep_one` gets None and reads its row alone, so an
    unreadable row stops no other. `put_off` moves a row after all due rows. `names` are the names of the key's parts.
    """

    names: Key
    read: Callable[[Sequence[Key]], Mapping[Key, Row]]
    sweep_one: Callable[[Request, Run, Key, Row | None], int]
    put_off: Callable[[Request, Key], object]


@dataclass(frozen=True, kw_only=True)
class Sweep(RowSweep[Row]):
    """The rows that one sweep looks for, and what it does with a row. It can hand rows over.

    With `jobs_a_second` the queue holds jobs back, so that many due rows do not meet at one key of a table.
    """

    kind: SweepKind
    due: Callable[[Request], Iterator[Key]]
    jobs_a_second: int | None = None


def sweep_due(request: Request, run: Run, sweep: Sweep[Row]) -> int:
    """Handles the first due rows, and hands the others over; returns the result for its own.

    One call of the queue for each thousand rows, or for those of a second. Rows that are not handed over in time stay
    due for the next run.
    """
    keys = iter(dict.fromkeys(sweep.due(request)))
    own = list(islice(keys, OWN_ROWS))
    if sweep.jobs_a_second is None:
        while run.has_time() and (jobs := list(islice(_jobs(request, sweep, keys), JOBS_AT_ONCE))):
            queues.sweep_on(jobs)
    else:
        # The run itself takes the first second. What would wait for too long, the next run finds again.
        for delay_s in range(1, MAX_DELAY_S + 1):
            jobs = list(islice(_jobs(request, sweep, keys), sweep.jobs_a_second)) if run.has_time() else []
            if not jobs:
                break
            queues.sweep_on(jobs, delay_s=delay_s)
    return sweep_keys(request, run, sweep, own)


def _jobs(request: Request, sweep: Sweep[Row], keys: Iterator[Key]) -> Iterator[SweepJob]:
    while part := tuple(islice(keys, JOB_ROWS)):
        yield SweepJob(kind=sweep.kind, keys=part, at_s=request.now_s)


def sweep_keys(request: Request, run: Run, sweep: RowSweep[Row], keys: Iterable[Key]) -> int:
    """Returns the sum of the results of `sweep.sweep_one`; a row that raises does not stop the others.

    It is moved after all due rows, so the next run tries it last. Rows that are not begun in time stay due.
    """
    rows = list(keys)
    found = (run.attempt(lambda: sweep.read(rows)) or {}) if rows else {}

    def sweep_row(key: Key) -> int:
        if not run.has_time():
            return 0
        ids = dict(zip(sweep.names, key, strict=True))
        swept = run.attempt(lambda: sweep.sweep_one(request, run, key, found.get(key)), **ids)
        if swept is None:
            run.attempt(lambda: sweep.put_off(request, key), **ids)
        return swept or 0

    return sum(_rows.map(sweep_row, rows))
