"""Doing two independent things at the same time: one round trip instead of two."""

from collections.abc import Callable
from concurrent.futures import wait
from typing import TypeVar

from parley.adapters.threads import Threads

First = TypeVar("First")
Second = TypeVar("Second")

_beside = Threads(max_workers=16, thread_name_prefix="beside")


def in_parallel(first: Callable[[], First], second: Callable[[], Second]) -> tuple[First, Second]:
    """Returns the results of two calls; `second` runs in its own thread meanwhile."""
    begun = _beside.submit(second)
    try:
        result = first()
    finally:
        wait([begun])  # also if `first` raises: nothing may still run when the caller gets the error
    return result, begun.result()
