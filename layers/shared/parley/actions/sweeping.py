"""Sweeps: rows that are due are dealt with side by side, each by itself, until the time of the run is up."""

from collections.abc import Callable, Hashable, Iterable
from typing import Protocol, TypeVar

from parley.adapters.threads import Threads

AT_ONCE = 32  # rows; each waits for AWS nearly all of its time

Row = TypeVar("Row", bound=Hashable)
Result = TypeVar("Result")

_rows = Threads(max_workers=AT_ONCE, thread_name_prefix="sweep")


class Run(Protocol):
    """One run of a sweep. Its trigger knows the time that is left, and logs and counts what fails."""

    def has_time(self) -> bool:
        """Says whether another row can be begun."""

    def attempt(self, do: Callable[[], Result], **ids: str) -> Result | None:
        """Returns what `do` returns; None if it raised, which is then logged under these ids and counted."""

    def failed(self, count: int) -> None:
        """Counts what failed without raising."""


def sweep_each(
    run: Run,
    rows: Iterable[Row],
    sweep_one: Callable[[Row], int],
    put_off: Callable[[Row], object],
    ids: Callable[[Row], dict[str, str]],
) -> int:
    """Returns the sum of what `sweep_one` returns; a row that raises ends nothing for the others.

    It is put off behind all that is due now, so the next run tries it last. Rows that are not begun in time stay due.
    """

    def sweep(row: Row) -> int:
        if not run.has_time():
            return 0
        swept = run.attempt(lambda: sweep_one(row), **ids(row))
        if swept is None:
            run.attempt(lambda: put_off(row), **ids(row))
        return swept or 0

    return sum(_rows.map(sweep, dict.fromkeys(rows)))  # the index may name a row again that was put off
