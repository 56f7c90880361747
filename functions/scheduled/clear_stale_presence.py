"""Every minute: delete and close the connections whose lease or token has expired, and tell those who watch.

And look after tickets that wait for an agent, and those of agents who have been offline for too long.
"""

from parley.actions.live import presence
from parley.actions.support import waiting
from parley.domain.api.request import Request
from parley.triggers.attempts import Attempts
from parley.triggers.schedule import schedule


@schedule
def handler(request: Request, run: Attempts) -> int:
    swept = presence.clear_stale_presence(request, run)
    return swept + waiting.look_after_waiting_tickets(request, run)
