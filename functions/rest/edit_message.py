"""PATCH /messages/{message_id}: change the text or the data of the caller's own message.

200, 400, 403, 404, 409, 422, 429.
"""

from parley.actions.messages import changes
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.domain.api.requests import EditMessage
from parley.domain.api.types import MessageAnswer
from parley.triggers.rest import Reply, ok, operation


@operation(body=EditMessage, asks=OWN)
def handler(request: Request, message_id: str, body: EditMessage) -> Reply[MessageAnswer]:
    return ok(changes.edit_message(request, message_id, body))
