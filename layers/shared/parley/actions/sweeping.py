"""Sweeps: take up what is due, many rows side by side, until nothing new is."""

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from parley.adapters.threads import Threads

AT_ONCE = 16  # rows; each waits for DynamoDB nearly all of its time
MAX_ROUNDS = 20  # of asking for what is due; what is left then is the next minute's

Row = TypeVar("Row", bound=Hashable)

_rows = Threads(max_workers=AT_ONCE, thread_name_prefix="sweep")


def sweep_all(due: Callable[[], Iterable[Row]], sweep_one: Callable[[Row], int]) -> int:
    """Returns the sum of what `sweep_one` returns for everything that is due.

    A row is taken up once, though its index, which lags behind, may name it again.
    """
    seen: set[Row] = set()
    swept = 0
    for _ in range(MAX_ROUNDS):
        new = [row for row in due() if row not in seen]
        if not new:
            break
        seen.update(new)
        swept += sum(_rows.map(sweep_one, new))
    return swept
