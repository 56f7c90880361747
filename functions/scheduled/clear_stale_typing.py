"""Every minute: delete the typing rows that have run out, and tell the members."""

from parley.actions.live import open_conversations
from parley.domain.api.call import Call
from parley.triggers.attempts import Attempts
from parley.triggers.schedule import schedule


@schedule
def handler(call: Call, run: Attempts) -> int:
    return open_conversations.clear_stale_typing(call, run)
