"""POST /support/tickets/{ticket_id}/respond: answer the requester as an agent.

201, 200 (replayed), 400, 403, 404, 409, 422, 429.
"""

from parley.actions.support import responding
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.domain.api.types import SentMessage
from parley.domain.support.requests import Respond
from parley.triggers.rest import Reply, created, operation


@operation(body=Respond, asks=OWN)
def handler(request: Request, ticket_id: str, body: Respond) -> Reply[SentMessage]:
    sent = responding.respond_to_ticket(request, ticket_id, body)
    return created(sent, new=not sent.replayed)
