"""Every minute: delete the typing rows that have run out, and tell the members."""

from parley.actions import rooms, sweeping
from parley.domain.call import Call
from parley.triggers.attempts import Attempts
from parley.triggers.schedule import schedule


@schedule
def handler(call: Call, run: Attempts) -> int:
    return sweeping.begin(call, run, rooms.SWEEP)
