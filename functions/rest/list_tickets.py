"""GET /support/tickets?cursor=&limit=: the caller's own tickets, the newest first. 200, 400."""

from parley.actions.support import tickets
from parley.domain.api.request import Request
from parley.domain.api.requests import Page
from parley.triggers.rest import Reply, ok, operation


@operation(query=Page)
def handler(request: Request, query: Page) -> Reply[tickets.TicketList]:
    return ok(tickets.list_tickets(request, query))
