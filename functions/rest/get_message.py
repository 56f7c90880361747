"""GET /messages/{message_id}: one message of the caller's conversations. 200, 400, 404."""

from parley.actions.messages import messages
from parley.domain.api.call import Call
from parley.domain.api.types import Message
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(call: Call, message_id: str) -> Reply[Message]:
    return ok(messages.get_message(call, message_id))
