"""Every minute: end the calls that have rung too long or whose devices are gone, and tell both sides."""

from parley.actions.live import call_ends
from parley.domain.api.request import Request
from parley.triggers.attempts import Attempts
from parley.triggers.schedule import schedule


@schedule
def handler(request: Request, run: Attempts) -> int:
    return call_ends.clear_stale_calls(request, run)
