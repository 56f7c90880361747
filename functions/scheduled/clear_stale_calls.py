"""Every minute: end the calls that have rung out or whose devices are gone, and tell both sides."""

from parley.actions import calls, sweeping
from parley.domain.call import Call
from parley.triggers.attempts import Attempts
from parley.triggers.schedule import schedule


@schedule
def handler(call: Call, run: Attempts) -> int:
    return sweeping.begin(call, run, calls.SWEEP)
