"""Run a bounded part of an erasure, and queue the next part."""

from parley.actions.erasure import job
from parley.domain.erasure.job import ErasureStep
from parley.triggers.queue import queue


@queue(ErasureStep)
def handler(step: ErasureStep, now_ms: int) -> None:
    job.erase_person(step, now_ms)
