"""POST /admin/webhooks: post events to a URL from now on. 201, 200 (it was there), 400, 403, 409, 422.

The host's own server may, and moderators who may read every conversation.
"""

from parley.actions.webhooks import keeping
from parley.domain.api.request import Request
from parley.domain.webhooks.endpoints import CreateWebhook, WebhookWithSecret
from parley.triggers.rest import Reply, created, operation


@operation(body=CreateWebhook)
def handler(request: Request, body: CreateWebhook) -> Reply[WebhookWithSecret]:
    webhook, new = keeping.create_webhook(request, body)
    return created(webhook, new=new)
