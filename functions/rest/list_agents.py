"""GET /support/agents: the agents on the roster of the desk, who of them is online, and how many open tickets each has.

200, 403.
"""

from parley.actions.support import roster
from parley.domain.api.request import Request
from parley.domain.support.roster import SupportAgentList
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request) -> Reply[SupportAgentList]:
    return ok(roster.list_agents(request))
