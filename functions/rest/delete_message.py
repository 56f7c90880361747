"""DELETE /messages/{message_id}?scope=everyone|me: delete a message for everyone, or for the caller.

200, 400, 403, 404, 429.
"""

from parley.actions.messages import changes
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.domain.api.requests import DeleteMessage
from parley.domain.api.types import MessageAnswer
from parley.triggers.rest import Reply, ok, operation


@operation(query=DeleteMessage, asks=OWN)
def handler(request: Request, message_id: str, query: DeleteMessage) -> Reply[MessageAnswer]:
    return ok(changes.delete_message(request, message_id, query.scope))
