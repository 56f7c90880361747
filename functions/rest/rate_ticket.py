"""POST /support/tickets/{ticket_id}/rating: rate the help as the requester.

200, 400, 403, 404, 409, 429.
"""

from parley.actions.support import changing
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.domain.support.requests import RateTicket
from parley.domain.support.ticket import SupportTicketAnswer
from parley.triggers.rest import Reply, ok, operation


@operation(body=RateTicket, asks=OWN)
def handler(request: Request, ticket_id: str, body: RateTicket) -> Reply[SupportTicketAnswer]:
    return ok(changing.rate_ticket(request, ticket_id, body))
