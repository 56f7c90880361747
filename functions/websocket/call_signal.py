"""call_signal {conversation_id, call_id, signal, …}: passes signals of a call (offers, answers …) to the other side."""

from parley.actions.live import calls
from parley.domain.api.limits import LIVE
from parley.domain.api.request import Request
from parley.domain.api.requests import SendCallSignal
from parley.domain.api.types import CallStatus
from parley.triggers.websocket import action


@action(SendCallSignal, asks=LIVE)
def handler(request: Request, data: SendCallSignal) -> CallStatus:
    return calls.call_signal(request, data)
