"""hello {}: the server's time, and the timers and limits that the client must keep to."""

from parley.domain.call import Call
from parley.domain.hello import Hello, greet
from parley.domain.requests import Nothing
from parley.triggers.websocket import action


@action(Nothing)
def handler(call: Call, data: Nothing) -> Hello:
    return greet(call)
