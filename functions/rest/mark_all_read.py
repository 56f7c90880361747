"""POST /me/read-all: mark everything of the caller as read. 202, 400, 429.

A job goes through their conversations, archived ones and notes of tickets included, and marks each that has unread
messages as `PATCH /conversations/{conversation_id}/read-all` does. Messages that come after the request stay unread.
"""

from parley.actions.messages import reading_all
from parley.domain.api.limits import LIVE
from parley.domain.api.request import Request
from parley.triggers.rest import Reply, accepted, operation


@operation(asks=LIVE)
def handler(request: Request) -> Reply[reading_all.ReadingAll]:
    return accepted(reading_all.mark_all_read(request))
