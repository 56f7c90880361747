"""Every minute: delete and close the connections whose lease or token has expired, and tell those who watch.

And look after the tickets of agents who have been offline for too long.
"""

from parley.actions.live import presence
from parley.actions.support import absent
from parley.domain.api.request import Request
from parley.triggers.attempts import Attempts
from parley.triggers.schedule import schedule


@schedule
def handler(request: Request, run: Attempts) -> int:
    swept = presence.clear_stale_presence(request, run)
    return swept + absent.look_after_absent_agents(request, run)
