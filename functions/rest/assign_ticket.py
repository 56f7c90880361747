"""POST /support/tickets/{ticket_id}/assign: assign a ticket to an agent, a team, or nobody.

200, 400, 403, 404, 409, 429.
"""

from parley.actions.support import changing
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.domain.support.requests import AssignTicket
from parley.domain.support.ticket import SupportTicketAnswer
from parley.triggers.rest import Reply, ok, operation


@operation(body=AssignTicket, asks=OWN)
def handler(request: Request, ticket_id: str, body: AssignTicket) -> Reply[SupportTicketAnswer]:
    return ok(changing.assign_ticket(request, ticket_id, body))
