"""Signing in: from a token or a ticket to an identity. Only the authorizers may import this, for what PyJWT costs."""

from parley.actions import profiles, tickets
from parley.adapters import tokens
from parley.domain.errors import Unauthenticated
from parley.domain.identity import Identity


def by_token(token: str, now_s: int) -> Identity:
    """Returns whose token it is and remembers their profile; raises Unauthenticated."""
    try:
        signed_in = tokens.verify(token, now_s)
        profiles.remember(signed_in)
    except Unauthenticated as refusal:
        refusal.noted |= tokens.origin(token)
        raise
    return signed_in.identity


def by_ticket(ticket: str, now_s: int) -> Identity:
    """Returns whose ticket it is and uses it up; raises Unauthenticated. The profile was kept when it was made."""
    return tickets.redeem(ticket, now_s)
