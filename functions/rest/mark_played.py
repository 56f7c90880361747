"""PUT /messages/{message_id}/played: mark a voice message as played by the caller. 200, 400, 404, 409.

The first time counts. The sender's own playing changes nothing.
"""

from parley.actions.messages import playing
from parley.domain.api.limits import LIVE
from parley.domain.api.request import Request
from parley.triggers.rest import Reply, ok, operation


@operation(asks=LIVE)
def handler(request: Request, message_id: str) -> Reply[playing.Played]:
    return ok(playing.mark_played(request, message_id))
