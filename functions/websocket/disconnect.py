"""$disconnect: forget the device.

API Gateway sends it at best (docs: "best-effort"); the lease and the sweep do the rest.
"""

from parley.actions.live import presence
from parley.domain.api.call import Call
from parley.triggers.websocket import connection_event


@connection_event
def handler(call: Call, offered: list[str]) -> dict[str, str]:
    presence.disconnect(call)
    return {}
