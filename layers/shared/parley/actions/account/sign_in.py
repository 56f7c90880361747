"""Signing in: from a token or a ticket to an identity. Only the authorizers may import this: PyJWT is slow to import.

It imports only what they need: a user waits for each of their cold starts.
"""

import re

from parley.actions import roles
from parley.adapters.people import socket_tickets, tokens
from parley.domain.api.errors import Unauthenticated
from parley.domain.api.identity import Identity

_ticket = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 bytes in base64url, as `actions.tickets` makes them


def authorize(token: str, now_s: int) -> Identity:
    """Stores what a token states and returns the person whom it signs in; raises Unauthenticated."""
    try:
        return roles.remember(tokens.verify(token, now_s), now_s * 1000)
    except Unauthenticated as refusal:
        refusal.noted |= tokens.origin(token)
        raise


def authorize_by_ticket(ticket: str, now_s: int) -> Identity:
    """Returns the identity in a ticket and uses it up; raises Unauthenticated if it is unknown, used or expired.

    The profile was stored when the ticket was made.
    """
    identity = socket_tickets.use_up(ticket, now_s) if _ticket.fullmatch(ticket) else None
    if identity is None:
        raise Unauthenticated("ticket_invalid", "The ticket is unknown, used or expired; ask for a new one.")
    return identity
