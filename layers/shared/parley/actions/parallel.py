"""Doing two things at the same time that do not need each other: one round trip where there would be two."""

from collections.abc import Callable
from concurrent.futures import wait
from typing import TypeVar

from parley.adapters.threads import Threads

First = TypeVar("First")
Second = TypeVar("Second")

_beside = Threads(max_workers=16, thread_name_prefix="beside")


def in_parallel(first: Callable[[], First], second: Callable[[], Second]) -> tuple[First, Second]:
    """Returns what two calls return; `second` runs in a thread of its own meanwhile."""
    begun = _beside.submit(second)
    try:
        result = first()
    finally:
        wait([begun])  # also if `first` raises: nothing may still run when the caller is told of a failure
    return result, begun.result()
