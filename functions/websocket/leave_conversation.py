"""leave_conversation {conversation_id}: the device gets notifications only."""

from parley.actions import rooms
from parley.domain.call import Call
from parley.domain.limits import LIVE
from parley.domain.requests import OfConversation
from parley.triggers.websocket import action


@action(OfConversation, asks=LIVE)
def handler(call: Call, data: OfConversation) -> rooms.Left:
    return rooms.leave(call, data.conversation_id)
