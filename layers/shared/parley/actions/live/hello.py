"""Greeting a connection: without a read or a write, so that it is there at once."""

from parley.adapters import limits
from parley.domain.api.call import Call
from parley.domain.live.hello import Hello, greeting


def hello(call: Call) -> Hello:
    """Returns the timers and limits that the calling device must keep to."""
    return greeting(call, limits.current(), limits.heartbeat())
