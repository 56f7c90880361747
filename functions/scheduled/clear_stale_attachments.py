"""Every minute: delete the attachments that were not sent in time, and the files that are older than the retention."""

from parley.actions.attachments import stale
from parley.domain.api.request import Request
from parley.triggers.attempts import Attempts
from parley.triggers.schedule import schedule


@schedule
def handler(request: Request, run: Attempts) -> int:
    return stale.clear_stale_attachments(request, run)
