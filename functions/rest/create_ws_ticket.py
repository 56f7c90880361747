"""POST /ws-tickets: a one-time ticket that opens one WebSocket as the caller, within 30 seconds. 201, 400, 429."""

from parley.actions.account import socket_tickets
from parley.actions.account.socket_tickets import Ticket
from parley.domain.api.limits import LIVE
from parley.domain.api.request import Request
from parley.triggers.rest import Reply, created, operation


@operation(asks=LIVE)
def handler(request: Request) -> Reply[Ticket]:
    return created(socket_tickets.create_ws_ticket(request))
