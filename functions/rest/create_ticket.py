"""POST /support/tickets: open a ticket; the description is its first message.

201, 200 (it was there), 400, 403, 404, 409, 422, 429.
"""

from parley.actions.support import tickets
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.domain.support.requests import CreateTicket
from parley.domain.support.ticket import SupportTicketAnswer
from parley.triggers.rest import Reply, created, operation


@operation(body=CreateTicket, asks=OWN)
def handler(request: Request, body: CreateTicket) -> Reply[SupportTicketAnswer]:
    ticket, new = tickets.create_ticket(request, body)
    return created(ticket, new=new)
