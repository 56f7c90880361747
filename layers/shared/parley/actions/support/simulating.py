"""Simulations of promises: what a policy would have told of past tickets. Nothing is written, nobody is told."""

from parley.actions.support import past
from parley.actions.support.roles import require_admin
from parley.adapters.support import desks
from parley.domain.api.request import Request
from parley.domain.support.past import facts_of, simulated
from parley.domain.support.simulation import SimulatedTicket, SimulateSla, Simulation, counts_of, desk_under, seen


def simulate_sla(request: Request, wanted: SimulateSla) -> Simulation:
    """Returns what a policy would have told of a page of past tickets, to support admins and the host's own server.

    Raises Invalid for a mistake in the policy. Round trips as of `past.page_of`, one before them for the host's server.
    """
    require_admin(request)
    desk = desk_under(wanted.policy, desks.current(), "/policy")
    asked = past.wanted_of(wanted.since, wanted.to, wanted.cursor, wanted.limit)
    past.log(request, "simulate_sla")
    page = past.page_of(request, asked)

    def view(each: past.PastTicket) -> SimulatedTicket:
        return seen(each.ticket, simulated(facts_of(each.ticket, each.messages), desk, request.now_ms))

    tickets, left_out, following = past.cut(page, asked, view)
    return Simulation(tickets=tickets, left_out=left_out, total=counts_of(tickets), next=following)
