"""typing_stop {conversation_id}: the others see the caller typing no more."""

from parley.actions import rooms
from parley.domain.call import Call
from parley.domain.limits import LIVE
from parley.domain.requests import OfConversation
from parley.triggers.websocket import action


@action(OfConversation, asks=LIVE)
def handler(call: Call, data: OfConversation) -> rooms.StoppedTyping:
    return rooms.stop_typing(call, data.conversation_id)
