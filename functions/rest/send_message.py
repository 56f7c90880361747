"""POST /conversations/{conversation_id}/messages: send a message as the caller.

201, 200 (replayed), 400, 403, 404, 409, 422, 429.
"""

from parley.actions.messages import send_as
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.domain.api.requests import SendMessage
from parley.domain.api.types import SentMessage
from parley.triggers.rest import Reply, created, operation


@operation(body=SendMessage, asks=OWN)
def handler(request: Request, conversation_id: str, body: SendMessage) -> Reply[SentMessage]:
    sent = send_as.send_message(request, conversation_id, body)
    return created(sent, new=not sent.replayed)
