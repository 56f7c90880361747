"""Doing two things at the same time that do not need each other: one round trip where there would be two."""

from collections.abc import Callable
from concurrent.futures import wait
from typing import TypeVar

from parley.adapters.threads import Threads

One = TypeVar("One")
Other = TypeVar("Other")

_beside = Threads(max_workers=16, thread_name_prefix="beside")


def both(one: Callable[[], One], other: Callable[[], Other]) -> tuple[One, Other]:
    """Returns what two calls return; `other` runs in a thread of its own meanwhile."""
    begun = _beside.submit(other)
    try:
        first = one()
    finally:
        wait([begun])  # where `one` fails, no call goes on behind the back of whoever is told so
    return first, begun.result()
