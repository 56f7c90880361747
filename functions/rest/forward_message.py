"""POST /messages/{message_id}/forward: forward a message to up to 20 conversations.

200, 400, 403, 404, 409, 422, 429.
"""

from parley.actions.messages import forward
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.domain.api.requests import ForwardMessage
from parley.triggers.rest import Reply, ok, operation


@operation(body=ForwardMessage, asks=OWN)
def handler(request: Request, message_id: str, body: ForwardMessage) -> Reply[forward.Forwarded]:
    return ok(forward.forward_message(request, message_id, body))
