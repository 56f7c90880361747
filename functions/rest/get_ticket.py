"""GET /support/tickets/{ticket_id}: a ticket of the caller's, or for an agent any. 200, 400, 404."""

from parley.actions.support import tickets
from parley.domain.api.request import Request
from parley.domain.support.ticket import SupportTicketAnswer
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request, ticket_id: str) -> Reply[SupportTicketAnswer]:
    return ok(tickets.get_ticket(request, ticket_id))
