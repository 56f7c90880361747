"""Every minute: delete the expired typing rows, and tell the members."""

from parley.actions.live import open_conversations
from parley.domain.api.request import Request
from parley.triggers.attempts import Attempts
from parley.triggers.schedule import schedule


@schedule
def handler(request: Request, run: Attempts) -> int:
    return open_conversations.clear_stale_typing(request, run)
