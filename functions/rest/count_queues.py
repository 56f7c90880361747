"""GET /support/queue-counts: how many tickets there are now, by status and for whom. 200, 403.

Agents may, and the host's own server. Counts are less than five seconds late.
"""

from parley.actions.figures import queues
from parley.domain.api.request import Request
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request) -> Reply[queues.QueueCounts]:
    return ok(queues.count_queues(request))
