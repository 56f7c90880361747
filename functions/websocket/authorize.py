"""The authorizer of $connect: `?ticket=<ticket>` or `Sec-WebSocket-Protocol: bearer, <token>`; anything else is 401."""

from parley.actions import sign_in
from parley.domain.identity import Identity
from parley.triggers.authorizers import Ticket, Token, websocket_authorizer


@websocket_authorizer
def handler(credential: Token | Ticket, now_s: int) -> Identity:
    if isinstance(credential, Ticket):
        return sign_in.by_ticket(credential.text, now_s)
    return sign_in.by_token(credential.text, now_s)
