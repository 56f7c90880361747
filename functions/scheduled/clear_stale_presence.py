"""Every minute: delete and close the connections whose lease or token has expired, and tell those who watch."""

from parley.actions.live import presence
from parley.domain.api.request import Request
from parley.triggers.attempts import Attempts
from parley.triggers.schedule import schedule


@schedule
def handler(request: Request, run: Attempts) -> int:
    return presence.clear_stale_presence(request, run)
