"""POST /admin/webhooks/{webhook_id}/replay: attempt the deliveries of a time once more. 202, 400, 403, 404, 409.

The host's own server may, and moderators who may read every conversation.
"""

from parley.actions.webhooks import listing
from parley.domain.api.request import Request
from parley.domain.webhooks.deliveries import Replay, ReplayDeliveries
from parley.triggers.rest import Reply, accepted, operation


@operation(body=ReplayDeliveries)
def handler(request: Request, body: ReplayDeliveries, webhook_id: str) -> Reply[Replay]:
    return accepted(listing.replay_deliveries(request, webhook_id, body))
