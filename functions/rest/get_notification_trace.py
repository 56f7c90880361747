"""GET /messages/{message_id}/notification-trace?user_id=: what each channel has decided about a message, and why.

200, 400, 403, 404.
Everyone may ask for themselves; moderators and the host's own server for anybody.
"""

from parley.actions.notifications import notification_traces
from parley.domain.api.request import Request
from parley.domain.notifications.requests import TraceQuery
from parley.triggers.rest import Reply, ok, operation


@operation(query=TraceQuery)
def handler(request: Request, message_id: str, query: TraceQuery) -> Reply[notification_traces.NotificationTrace]:
    return ok(notification_traces.get_notification_trace(request, message_id, query))
