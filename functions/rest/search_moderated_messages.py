"""GET /admin/search?q=&user_id=&from=&to=&cursor=&limit=: messages of a person with all the words. 200, 400, 403.

In the conversations that the caller moderates; the audit log records each page. Moderators may, and the host's own
server.
"""

from parley.actions.moderation import monitoring
from parley.domain.api.request import Request
from parley.domain.api.requests import SearchModeratedMessages
from parley.domain.conversations.search import HitList
from parley.triggers.rest import Reply, ok, operation


@operation(query=SearchModeratedMessages)
def handler(request: Request, query: SearchModeratedMessages) -> Reply[HitList]:
    return ok(monitoring.search_moderated_messages(request, query))
