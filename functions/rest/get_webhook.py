"""GET /admin/webhooks/{webhook_id}: an endpoint, and how it fares. 200, 400, 403, 404.

The host's own server may, and moderators who may read every conversation.
"""

from parley.actions.webhooks import keeping
from parley.domain.api.request import Request
from parley.domain.webhooks.endpoints import WebhookAnswer
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request, webhook_id: str) -> Reply[WebhookAnswer]:
    return ok(keeping.get_webhook(request, webhook_id))
