"""POST /turn-credentials: ICE servers for a call in a conversation, with credentials for an hour.

201, 400, 403, 404, 429.
"""

from parley.actions.live import turn
from parley.actions.live.turn import TurnCredentials
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.domain.api.requests import OfConversation
from parley.triggers.rest import Reply, created, operation


@operation(body=OfConversation, asks=OWN)
def handler(request: Request, body: OfConversation) -> Reply[TurnCredentials]:
    return created(turn.create_turn_credentials(request, body.conversation_id))
