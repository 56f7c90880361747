"""Deal with due rows that a scheduled sweep has handed over."""

from parley.actions.live import sweeps
from parley.actions.support import due
from parley.domain.api.request import Request
from parley.domain.live.sweeps import SweepJob
from parley.triggers.attempts import Attempts
from parley.triggers.queue import sweep_queue


@sweep_queue
def handler(request: Request, job: SweepJob, run: Attempts) -> int:
    return sweeps.sweep_rows(request, job, run, due.SWEEP)
