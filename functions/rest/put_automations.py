"""PUT /support/automations: replace the rules of the desk. 200, 400, 403, 409, 413.

Support admins may, and the host's own server.
"""

from parley.actions.support import automations
from parley.domain.api.request import Request
from parley.domain.support.automations import Automations, PutAutomations
from parley.triggers.rest import Reply, ok, operation


@operation(body=PutAutomations)
def handler(request: Request, body: PutAutomations) -> Reply[Automations]:
    return ok(automations.put_automations(request, body))
