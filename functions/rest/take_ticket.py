"""POST /support/tickets/{ticket_id}/take: assign a ticket to the calling agent.

200, 400, 403, 404, 409, 429.
"""

from parley.actions.support import changing
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.domain.support.ticket import SupportTicketAnswer
from parley.triggers.rest import Reply, ok, operation


@operation(asks=OWN)
def handler(request: Request, ticket_id: str) -> Reply[SupportTicketAnswer]:
    return ok(changing.take_ticket(request, ticket_id))
