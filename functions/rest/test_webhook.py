"""POST /admin/webhooks/{webhook_id}/test: post the event `webhook.test` to an endpoint. 202, 400, 403, 404, 409.

The host's own server may, and moderators who may read every conversation.
"""

from parley.actions.webhooks import keeping
from parley.domain.api.request import Request
from parley.domain.webhooks.deliveries import QueuedDelivery
from parley.triggers.rest import Reply, accepted, operation


@operation()
def handler(request: Request, webhook_id: str) -> Reply[QueuedDelivery]:
    return accepted(keeping.test_webhook(request, webhook_id))
