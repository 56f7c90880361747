"""Run a bounded part of an erasure, and queue the next part.

Or of the removal of what a person wrote in the last hours, at a moderator's wish.
"""

from parley.actions.erasure import job
from parley.domain.erasure.job import ErasureStep
from parley.triggers.queue import queue


@queue(ErasureStep)
def handler(step: ErasureStep, now_ms: int) -> None:
    if step.removal_id is not None:
        from parley.actions.moderation import removal_steps  # erasures do not need it

        removal_steps.take_on(step.removal_id, now_ms)
        return
    job.erase_person(step, now_ms)
