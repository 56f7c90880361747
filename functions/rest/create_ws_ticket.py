"""POST /ws-tickets: a one-time ticket that opens one WebSocket as the caller, within 30 seconds. 201, 400, 429."""

from parley.actions import tickets
from parley.actions.tickets import Ticket
from parley.domain.call import Call
from parley.domain.limits import LIVE
from parley.triggers.rest import Reply, created, operation


@operation(asks=LIVE)
def handler(call: Call) -> Reply[Ticket]:
    return created(tickets.create(call))
