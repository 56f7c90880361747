"""GET /admin/conversations/{conversation_id}/messages: a page of a conversation's history.

200, 400, 403, 404, 413.

Ascending, as all members see it; the audit log records each page. Moderators may, and the host's own server.
"""

from parley.actions.messages import messages
from parley.actions.moderation import monitoring
from parley.domain.api.request import Request
from parley.domain.api.requests import History
from parley.triggers.rest import Reply, ok, operation


@operation(query=History)
def handler(request: Request, conversation_id: str, query: History) -> Reply[messages.HistoryPage]:
    return ok(monitoring.list_moderated_messages(request, conversation_id, query))
