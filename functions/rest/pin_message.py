"""PUT /messages/{message_id}/pin: pin a message for all members. 200, 400, 403, 404, 409, 429."""

from parley.actions.messages import changes
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.domain.api.types import MessageAnswer
from parley.triggers.rest import Reply, ok, operation


@operation(asks=OWN)
def handler(request: Request, message_id: str) -> Reply[MessageAnswer]:
    return ok(changes.pin_message(request, message_id))
