"""POST /messages/{message_id}/forward: forward a message to up to 20 conversations.

200, 400, 403, 404, 409, 422, 429.
"""

from parley.actions import forwarding
from parley.domain.call import Call
from parley.domain.limits import OWN
from parley.domain.requests import ForwardMessage
from parley.triggers.rest import Reply, ok, operation


@operation(body=ForwardMessage, asks=OWN)
def handler(call: Call, message_id: str, body: ForwardMessage) -> Reply[forwarding.Forwarded]:
    return ok(forwarding.forward(call, message_id, body))
