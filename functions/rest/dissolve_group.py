"""DELETE /conversations/{conversation_id}: dissolve a group: its owner ends it for everybody. 200, 400, 403, 404, 429.

Nobody writes from now on. The first 45 members are out at once, the others within seconds.
"""

from parley.actions.conversations import dissolving
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.triggers.rest import Reply, ok, operation


@operation(asks=OWN)
def handler(request: Request, conversation_id: str) -> Reply[dissolving.DissolvedGroup]:
    return ok(dissolving.dissolve_group(request, conversation_id))
