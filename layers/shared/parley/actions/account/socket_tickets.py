"""Tickets: a browser sends no header with a WebSocket, and no token belongs in a URL. A ticket may, for 30 s."""

import secrets

from msgspec import Struct

from parley.actions.live import presence
from parley.adapters.people import socket_tickets
from parley.domain.api.request import Request
from parley.domain.api.times import rfc3339

LIFE_S = 30
_RANDOM_BYTES = 32  # `sign_in.by_ticket` knows how long that is


class Ticket(Struct, frozen=True, kw_only=True):
    """A ticket that opens one WebSocket as the caller, as `?ticket=…`."""

    ticket: str
    expires_at: str


def create_ws_ticket(request: Request) -> Ticket:
    """Returns a new ticket for the caller.

    Raises TooMany here as `$connect` would, because browsers cannot see a handshake's status.
    """
    presence.check_room(request)
    ticket = secrets.token_urlsafe(_RANDOM_BYTES)
    expires_at_s = request.now_s + LIFE_S
    socket_tickets.save(ticket, request.caller, expires_at_s)
    return Ticket(ticket=ticket, expires_at=rfc3339(expires_at_s * 1000))
