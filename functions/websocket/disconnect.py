"""$disconnect: delete the device.

API Gateway does not always send it (docs: "best-effort"); the lease and the sweep do the rest.
"""

from parley.actions.live import presence
from parley.domain.api.request import Request
from parley.triggers.websocket import connection_event


@connection_event
def handler(request: Request, offered: list[str]) -> dict[str, str]:
    presence.disconnect(request)
    return {}
