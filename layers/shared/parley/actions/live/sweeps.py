"""The sweeps by name, for the jobs that their scheduled runs hand over."""

from typing import Any

from parley.actions import sweep
from parley.actions.live import call_ends, open_conversations, presence
from parley.actions.sweep import RowSweep, Run
from parley.domain.api.request import Request
from parley.domain.live.sweeps import SweepJob


def sweep_rows(request: Request, job: SweepJob, attempts: Run, of_tickets: RowSweep[Any]) -> int:
    """Deals with the rows of a job; returns the outcome. The sweep of tickets is of an area above this one."""
    match job.kind:
        case "presence":
            return sweep.sweep_keys(request, attempts, presence.SWEEP, job.keys)
        case "typing":
            return sweep.sweep_keys(request, attempts, open_conversations.SWEEP, job.keys)
        case "calls":
            return sweep.sweep_keys(request, attempts, call_ends.SWEEP, job.keys)
        case "tickets":
            return sweep.sweep_keys(request, attempts, of_tickets, job.keys)
