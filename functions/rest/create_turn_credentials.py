"""POST /turn-credentials: ICE servers for a call in a conversation, with credentials for an hour.

201, 400, 403, 404, 429.
"""

from parley.actions import turn
from parley.actions.turn import TurnCredentials
from parley.domain.call import Call
from parley.domain.limits import OWN
from parley.domain.requests import OfConversation
from parley.triggers.rest import Reply, created, operation


@operation(body=OfConversation, asks=OWN)
def handler(call: Call, body: OfConversation) -> Reply[TurnCredentials]:
    return created(turn.create(call, body.conversation_id))
