"""$connect: record the caller's device, and echo the subprotocol that carried the token.

API Gateway cannot post to the device yet.
"""

from parley.actions.live import presence
from parley.domain.api.request import Request
from parley.triggers.websocket import connection_event


@connection_event
def handler(request: Request, offered: list[str]) -> dict[str, str]:
    presence.connect(request)
    # A browser closes the socket when none of the protocols that it offered comes back (RFC 6455, 4.1).
    return {"Sec-WebSocket-Protocol": "bearer"} if "bearer" in offered else {}
