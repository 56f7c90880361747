"""GET /admin/webhooks: the endpoints to which events are posted. 200, 403.

The host's own server may, and moderators who may read every conversation.
"""

from parley.actions.webhooks import keeping
from parley.domain.api.request import Request
from parley.domain.webhooks.endpoints import WebhookList
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request) -> Reply[WebhookList]:
    return ok(keeping.list_webhooks(request))
