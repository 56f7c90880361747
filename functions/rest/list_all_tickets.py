"""GET /support/tickets/admin/all: the desk's queue by age, with filters; for agents. 200, 400, 403."""

from parley.actions.support import queue
from parley.domain.api.request import Request
from parley.domain.support.requests import ListAllTickets
from parley.triggers.rest import Reply, ok, operation


@operation(query=ListAllTickets)
def handler(request: Request, query: ListAllTickets) -> Reply[queue.TicketQueue]:
    return ok(queue.list_all_tickets(request, query))
