"""hello {}: the server's time, and the timers and limits that the client must keep to."""

from parley.actions.live.hello import hello
from parley.domain.api.request import Request
from parley.domain.api.requests import Nothing
from parley.domain.live.hello import Hello
from parley.triggers.websocket import action


@action(Nothing)
def handler(request: Request, data: Nothing) -> Hello:
    return hello(request)
