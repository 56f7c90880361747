"""GET /admin/removals/{removal_id}: the progress of a removal of what a person wrote. 200, 400, 403, 404.

For 7 days. Moderators may, and the host's own server.
"""

from parley.actions.moderation import removals
from parley.domain.api.request import Request
from parley.domain.moderation.removals import Removal
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request, removal_id: str) -> Reply[Removal]:
    return ok(removals.get_removal(request, removal_id))
