"""Every minute: forget and close the connections whose lease or token has run out, and tell those who watch."""

from parley.actions.live import presence
from parley.domain.api.call import Call
from parley.triggers.attempts import Attempts
from parley.triggers.schedule import schedule


@schedule
def handler(call: Call, run: Attempts) -> int:
    return presence.clear_stale_presence(call, run)
