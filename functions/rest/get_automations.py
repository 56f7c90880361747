"""GET /support/automations: the rules of the desk, and the version of the list. 200, 400, 403.

Agents read them, and the host's own server.
"""

from parley.actions.support import automations
from parley.domain.api.request import Request
from parley.domain.support.automations import Automations
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request) -> Reply[Automations]:
    return ok(automations.get_automations(request))
