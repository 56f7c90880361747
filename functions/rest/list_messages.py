"""GET /conversations/{conversation_id}/messages?before=|after=|around=|page=|custom_type=: a page, ascending.

200, 400, 404, 413.
"""

from parley.actions.messages import messages
from parley.domain.api.request import Request
from parley.domain.api.requests import History
from parley.triggers.rest import Reply, ok, operation


@operation(query=History)
def handler(request: Request, conversation_id: str, query: History) -> Reply[messages.HistoryPage]:
    return ok(messages.list_messages(request, conversation_id, query))
