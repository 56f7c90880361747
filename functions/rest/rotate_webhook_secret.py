"""POST /admin/webhooks/{webhook_id}/rotate-secret: a new secret; the old is valid for a day. 200, 400, 403, 404, 409.

The host's own server may, and moderators who may read every conversation.
"""

from parley.actions.webhooks import keeping
from parley.domain.api.request import Request
from parley.domain.webhooks.endpoints import RotateSecret, WebhookWithSecret
from parley.triggers.rest import Reply, ok, operation


@operation(body=RotateSecret)
def handler(request: Request, body: RotateSecret, webhook_id: str) -> Reply[WebhookWithSecret]:
    return ok(keeping.rotate_webhook_secret(request, webhook_id, body))
