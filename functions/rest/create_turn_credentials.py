"""POST /turn-credentials: ICE servers for a call, with credentials that run out soon. 201, 400."""

from parley.actions import turn
from parley.actions.turn import TurnCredentials
from parley.domain.call import Call
from parley.triggers.rest import Reply, created, operation


@operation()
def handler(call: Call) -> Reply[TurnCredentials]:
    return created(turn.create(call))
