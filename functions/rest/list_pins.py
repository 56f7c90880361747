"""GET /conversations/{conversation_id}/pins?cursor=: the pinned messages, latest pin first. 200, 400, 404."""

from parley.actions.messages import changes
from parley.domain.api.request import Request
from parley.domain.api.requests import PinQuery
from parley.triggers.rest import Reply, ok, operation


@operation(query=PinQuery)
def handler(request: Request, conversation_id: str, query: PinQuery) -> Reply[changes.PinList]:
    return ok(changes.list_pins(request, conversation_id, query))
