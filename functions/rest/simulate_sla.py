"""POST /support/sla/simulate: try other targets or hours on past tickets. 200, 400, 403.

Support admins may, and the host's own server. Nothing is written; `next` brings more tickets.
"""

from parley.actions.support import simulating
from parley.domain.api.request import Request
from parley.domain.support.simulation import SimulateSla, Simulation
from parley.triggers.rest import Reply, ok, operation


@operation(body=SimulateSla)
def handler(request: Request, body: SimulateSla) -> Reply[Simulation]:
    return ok(simulating.simulate_sla(request, body))
