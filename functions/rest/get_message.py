"""GET /messages/{message_id}: a message in one of the caller's conversations. 200, 400, 404."""

from parley.actions.messages import messages
from parley.domain.api.request import Request
from parley.domain.api.types import MessageAnswer
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request, message_id: str) -> Reply[MessageAnswer]:
    return ok(messages.get_message(request, message_id))
