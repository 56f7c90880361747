"""POST /conversations/{conversation_id}/messages: write a message as the caller.

201, 200 (replayed), 400, 403, 404, 422, 429.
"""

from parley.actions import messages
from parley.domain.call import Call
from parley.domain.limits import OWN
from parley.domain.requests import SendMessage
from parley.domain.types import SentMessage
from parley.triggers.rest import Reply, created, operation


@operation(body=SendMessage, asks=OWN)
def handler(call: Call, conversation_id: str, body: SendMessage) -> Reply[SentMessage]:
    sent = messages.send(call, conversation_id, body)
    return created(sent, new=not sent.replayed)
