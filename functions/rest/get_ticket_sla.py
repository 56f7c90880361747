"""GET /support/tickets/{ticket_id}/sla: the clocks of a ticket, with their targets and business hours; for agents.

200, 403, 404.
"""

from parley.actions.support import sla
from parley.domain.api.request import Request
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request, ticket_id: str) -> Reply[sla.TicketSlaAnswer]:
    return ok(sla.get_ticket_sla(request, ticket_id))
