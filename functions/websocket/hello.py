"""hello {}: the server's time, and the timers and limits that the client must keep to."""

from parley.actions.greeting import greet
from parley.domain.call import Call
from parley.domain.hello import Hello
from parley.domain.requests import Nothing
from parley.triggers.websocket import action


@action(Nothing)
def handler(call: Call, data: Nothing) -> Hello:
    return greet(call)
