"""Every minute: forget and close the connections whose lease or token has run out, and tell those who watch."""

from parley.actions import presence, sweeping
from parley.domain.call import Call
from parley.triggers.attempts import Attempts
from parley.triggers.schedule import schedule


@schedule
def handler(call: Call, run: Attempts) -> int:
    return sweeping.begin(call, run, presence.SWEEP)
