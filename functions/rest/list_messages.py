"""GET /conversations/{conversation_id}/messages?before=|after=|around=|page=: a page of history, ascending.

200, 400, 404, 413.
"""

from parley.actions.messages import messages
from parley.domain.api.call import Call
from parley.domain.api.requests import History
from parley.triggers.rest import Reply, ok, operation


@operation(query=History)
def handler(call: Call, conversation_id: str, query: History) -> Reply[messages.HistoryPage]:
    return ok(messages.list_messages(call, conversation_id, query))
