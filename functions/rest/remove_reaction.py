"""DELETE /messages/{message_id}/reactions/{emoji}: take a reaction back. 200, 400, 403, 404, 409, 429."""

from parley.actions import changes
from parley.domain.call import Call
from parley.domain.limits import OWN
from parley.domain.types import Message
from parley.triggers.rest import Reply, ok, operation


@operation(asks=OWN)
def handler(call: Call, message_id: str, emoji: str) -> Reply[Message]:
    return ok(changes.react(call, message_id, emoji, is_on=False))
