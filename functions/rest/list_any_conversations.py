"""GET /admin/conversations?user_id=&context_type=&context_id=&cursor=&limit=: a person's conversations. 200, 400, 403.

Those that the caller moderates; the audit log records each page. Moderators may, and the host's own server.
"""

from parley.actions.moderation import monitoring
from parley.domain.api.request import Request
from parley.domain.api.requests import ListAnyConversations
from parley.triggers.rest import Reply, ok, operation


@operation(query=ListAnyConversations)
def handler(request: Request, query: ListAnyConversations) -> Reply[monitoring.ModeratedConversationList]:
    return ok(monitoring.list_any_conversations(request, query))
