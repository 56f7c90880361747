"""Tickets: a browser sends no header with a WebSocket, and no token belongs into a URL. A ticket may, for 30 s."""

import re
import secrets
from hashlib import sha256

from msgspec import Struct

from parley.actions import presence
from parley.adapters import tickets
from parley.domain.call import Call
from parley.domain.errors import Unauthenticated
from parley.domain.identity import Identity
from parley.domain.times import rfc3339

LIFE_S = 30
_RANDOM_BYTES = 32
_ticket = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 bytes in base64url


class Ticket(Struct, frozen=True, kw_only=True):
    """What the caller opens one WebSocket with, as `?ticket=…`."""

    ticket: str
    expires_at: str


def create(call: Call) -> Ticket:
    """Returns a new ticket for the caller; only its hash is kept, so who reads the table cannot come in.

    TooMany already here, where `$connect` would refuse: of a handshake, browsers do not learn the status.
    """
    presence.check_room(call)
    ticket = secrets.token_urlsafe(_RANDOM_BYTES)
    expires_at_s = call.now_s + LIFE_S
    tickets.save(_hash(ticket), call.caller, expires_at_s)
    return Ticket(ticket=ticket, expires_at=rfc3339(expires_at_s * 1000))


def redeem(ticket: str, now_s: int) -> Identity:
    """Returns whose ticket it was and uses it up; raises Unauthenticated for one that is unknown, used or expired."""
    identity = tickets.use_up(_hash(ticket), now_s) if _ticket.fullmatch(ticket) else None
    if identity is None:
        raise Unauthenticated("ticket_invalid", "The ticket is unknown, used or expired; ask for a new one.")
    return identity


def _hash(ticket: str) -> str:
    return sha256(ticket.encode()).hexdigest()
