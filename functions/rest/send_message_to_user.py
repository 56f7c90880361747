"""POST /messages: send a message to a user; opens a conversation if needed.

201, 200 (replayed), 400, 403, 404, 409, 422, 429.
"""

from parley.actions.messages import send_to_user
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.domain.api.requests import SendMessageToUser
from parley.domain.api.types import SentMessage
from parley.triggers.rest import Reply, created, operation


@operation(body=SendMessageToUser, asks=OWN)
def handler(request: Request, body: SendMessageToUser) -> Reply[SentMessage]:
    sent = send_to_user.send_message_to_user(request, body)
    return created(sent, new=not sent.replayed)
