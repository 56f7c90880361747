"""POST /admin/deliveries/{delivery_id}/replay: attempt a delivery once more. 202, 400, 403, 404, 409.

The host's own server may, and moderators who may read every conversation.
"""

from parley.actions.webhooks import listing
from parley.domain.api.request import Request
from parley.domain.webhooks.deliveries import DeliveryView
from parley.triggers.rest import Reply, accepted, operation


@operation()
def handler(request: Request, delivery_id: str) -> Reply[DeliveryView]:
    return accepted(listing.replay_delivery(request, delivery_id))
