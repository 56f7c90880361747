"""POST /support/tickets/{ticket_id}/merge: merge a ticket into another one of the same requester, and close it.

200, 400, 403, 404, 409, 429.
Agents may, and the host's own server. Both stay readable, and a system message in each tells the requester.
"""

from parley.actions.support import merging
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.domain.support.requests import MergeTicket
from parley.domain.support.ticket import SupportTicketAnswer
from parley.triggers.rest import Reply, ok, operation


@operation(body=MergeTicket, asks=OWN)
def handler(request: Request, ticket_id: str, body: MergeTicket) -> Reply[SupportTicketAnswer]:
    return ok(merging.merge_ticket(request, ticket_id, body))
