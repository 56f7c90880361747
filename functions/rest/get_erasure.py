"""GET /erasures/{erasure_id}: the progress of an erasure and, at the end, what it has removed. 200, 400, 403, 404.

The receipt counts the removed items by kind, and carries a SHA-256 of its own content.
"""

from parley.actions.erasure import job
from parley.domain.api.request import Request
from parley.domain.erasure.job import Erasure
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request, erasure_id: str) -> Reply[Erasure]:
    return ok(job.get_erasure(request, erasure_id))
