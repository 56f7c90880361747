"""GET /conversations/{conversation_id}/pins?cursor=: the pinned messages, the latest pin first. 200, 400, 404."""

from parley.actions import changes
from parley.domain.call import Call
from parley.domain.requests import PinQuery
from parley.triggers.rest import Reply, ok, operation


@operation(query=PinQuery)
def handler(call: Call, conversation_id: str, query: PinQuery) -> Reply[changes.PinList]:
    return ok(changes.pins(call, conversation_id, query))
