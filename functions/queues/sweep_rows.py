"""Deal with rows that a scheduled sweep has found to be due, and has handed on."""

from parley.actions.live import sweeps
from parley.domain.api.call import Call
from parley.domain.live.sweeps import SweepJob
from parley.triggers.attempts import Attempts
from parley.triggers.queue import sweep_queue


@sweep_queue
def handler(call: Call, job: SweepJob, run: Attempts) -> int:
    return sweeps.sweep_rows(call, job, run)
