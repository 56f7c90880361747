"""The three sweeps by name, for the jobs that their scheduled runs hand on."""

from parley.actions import calls, presence, rooms, sweeping
from parley.actions.sweeping import Run
from parley.domain.call import Call
from parley.domain.sweeping import SweepJob


def run(call: Call, job: SweepJob, attempts: Run) -> int:
    """Deals with the rows of a job; returns what became of them."""
    match job.kind:
        case "presence":
            return sweeping.sweep_rows(call, attempts, presence.SWEEP, job.keys)
        case "typing":
            return sweeping.sweep_rows(call, attempts, rooms.SWEEP, job.keys)
        case "calls":
            return sweeping.sweep_rows(call, attempts, calls.SWEEP, job.keys)
