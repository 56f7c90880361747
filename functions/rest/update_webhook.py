"""PATCH /admin/webhooks/{webhook_id}: change an endpoint, disable it or enable it again. 200, 400, 403, 404.

The host's own server may, and moderators who may read every conversation.
"""

from parley.actions.webhooks import keeping
from parley.domain.api.request import Request
from parley.domain.webhooks.endpoints import UpdateWebhook, WebhookAnswer
from parley.triggers.rest import Reply, ok, operation


@operation(body=UpdateWebhook)
def handler(request: Request, body: UpdateWebhook, webhook_id: str) -> Reply[WebhookAnswer]:
    return ok(keeping.update_webhook(request, webhook_id, body))
