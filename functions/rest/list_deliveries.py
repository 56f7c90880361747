"""GET /admin/webhooks/{webhook_id}/deliveries?status=&cursor=&limit=: its deliveries, newest first. 200, 400, 403, 404.

The host's own server may, and moderators who may read every conversation.
"""

from parley.actions.webhooks import listing
from parley.domain.api.request import Request
from parley.domain.webhooks.deliveries import DeliveryList, DeliveryQuery
from parley.triggers.rest import Reply, ok, operation


@operation(query=DeliveryQuery)
def handler(request: Request, query: DeliveryQuery, webhook_id: str) -> Reply[DeliveryList]:
    return ok(listing.list_deliveries(request, webhook_id, query))
