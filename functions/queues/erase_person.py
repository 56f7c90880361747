"""Take the erasure of a person some units on."""

from parley.actions import erasing
from parley.domain.erasing import ErasureStep
from parley.triggers.queue import queue


@queue(ErasureStep)
def handler(step: ErasureStep, now_ms: int) -> None:
    erasing.step(step, now_ms)
