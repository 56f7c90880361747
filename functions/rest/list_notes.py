"""GET /support/tickets/{ticket_id}/notes?before=|after=|around=|page=|custom_type=: a page of notes, ascending.

For agents. 200, 400, 403, 404.
"""

from parley.actions.messages import messages
from parley.actions.support import notes
from parley.domain.api.request import Request
from parley.domain.api.requests import History
from parley.triggers.rest import Reply, ok, operation


@operation(query=History)
def handler(request: Request, ticket_id: str, query: History) -> Reply[messages.HistoryPage]:
    return ok(notes.list_notes(request, ticket_id, query))
