"""PUT /support/agents/{user_id}: put an agent of the desk on duty, or off it.

200, 400, 403, 404, 409, 429.
Agents may for themselves; support admins and the host's own server for every agent.
"""

from parley.actions.support import roster
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.domain.support.roster import PutAgent, SupportAgentAnswer
from parley.triggers.rest import Reply, ok, operation


@operation(body=PutAgent, asks=OWN)
def handler(request: Request, user_id: str, body: PutAgent) -> Reply[SupportAgentAnswer]:
    return ok(roster.put_agent(request, user_id, body))
