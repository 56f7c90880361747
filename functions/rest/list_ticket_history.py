"""GET /support/tickets/{ticket_id}/history?cursor=&limit=: the history of a ticket, the oldest entries first.

200, 400, 404.
"""

from parley.actions.support import history
from parley.domain.api.request import Request
from parley.domain.api.requests import Page
from parley.triggers.rest import Reply, ok, operation


@operation(query=Page)
def handler(request: Request, ticket_id: str, query: Page) -> Reply[history.TicketHistory]:
    return ok(history.list_ticket_history(request, ticket_id, query))
