"""POST /support/tickets/bulk: change status, priority, category, tags, assignee or team of up to 50 tickets alike.

200, 400, 403, 429.
Agents may, and the host's own server. Each ticket is changed or refused by itself; the results come in the order asked.
"""

from parley.actions.support import bulk
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.domain.support.requests import ChangeTickets
from parley.triggers.rest import Reply, ok, operation


@operation(body=ChangeTickets, asks=OWN)
def handler(request: Request, body: ChangeTickets) -> Reply[bulk.ChangedTickets]:
    return ok(bulk.change_tickets(request, body))
