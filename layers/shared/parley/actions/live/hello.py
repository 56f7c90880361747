"""Greeting a connection: without a read or a write, so that the answer is fast."""

from parley.adapters import limits
from parley.adapters.attachments.limits import client_limits
from parley.domain.api.request import Request
from parley.domain.live.hello import Hello, greeting


def hello(request: Request) -> Hello:
    """Returns the timers and limits that the calling device must keep to."""
    return greeting(request, client_limits(), limits.heartbeat())
