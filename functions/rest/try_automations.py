"""POST /support/automations/try: try rules on past tickets. 200, 400, 403, 413.

Support admins may, and the host's own server. Nothing is written; `next` brings more tickets.
"""

from parley.actions.support import trying
from parley.domain.api.request import Request
from parley.domain.support.trying import TriedAutomations, TryAutomations
from parley.triggers.rest import Reply, ok, operation


@operation(body=TryAutomations)
def handler(request: Request, body: TryAutomations) -> Reply[TriedAutomations]:
    return ok(trying.try_automations(request, body))
