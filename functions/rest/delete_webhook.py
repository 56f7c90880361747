"""DELETE /admin/webhooks/{webhook_id}: post nothing more to an endpoint. 200, 400, 403.

The host's own server may, and moderators who may read every conversation.
"""

from parley.actions.webhooks import keeping
from parley.domain.api.request import Request
from parley.domain.webhooks.endpoints import DeletedWebhook
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request, webhook_id: str) -> Reply[DeletedWebhook]:
    return ok(keeping.delete_webhook(request, webhook_id))
