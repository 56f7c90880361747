"""PATCH /support/tickets/{ticket_id}: change status, priority, category, tags or subject of a ticket.

200, 400, 403, 404, 409, 422, 429.
"""

from parley.actions.support import changing
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.domain.support.requests import UpdateTicket
from parley.domain.support.ticket import SupportTicketAnswer
from parley.triggers.rest import Reply, ok, operation


@operation(body=UpdateTicket, asks=OWN)
def handler(request: Request, ticket_id: str, body: UpdateTicket) -> Reply[SupportTicketAnswer]:
    return ok(changing.update_ticket(request, ticket_id, body))
