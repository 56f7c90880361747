"""The authorizer of $connect: a ticket or a token; anything else is 401.

`?ticket=<ticket>`, `Sec-WebSocket-Protocol: bearer, <token>` or `Authorization: Bearer <token>`.
"""

from parley.actions.account import sign_in
from parley.domain.api.identity import Identity
from parley.triggers.authorizers import Ticket, Token, websocket_authorizer


@websocket_authorizer
def handler(credential: Token | Ticket, now_s: int) -> Identity:
    if isinstance(credential, Ticket):
        return sign_in.authorize_by_ticket(credential.text, now_s)
    return sign_in.authorize(credential.text, now_s)
