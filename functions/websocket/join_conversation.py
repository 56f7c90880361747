"""join_conversation {conversation_id}: from now on the device gets its messages in full."""

from parley.actions import rooms
from parley.domain.call import Call
from parley.domain.limits import LIVE
from parley.domain.requests import OfConversation
from parley.triggers.websocket import action


@action(OfConversation, asks=LIVE)
def handler(call: Call, data: OfConversation) -> rooms.Joined:
    return rooms.join(call, data.conversation_id)
