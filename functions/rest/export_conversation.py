"""POST /conversations/{conversation_id}/export: have a conversation written into a file. 202, 400, 404, 422, 429.

For its members, and for moderators. While an export of the same format is under way, it is the one that comes back.
"""

from parley.actions import exports
from parley.domain.call import Call
from parley.domain.exporting import Export
from parley.domain.requests import ExportConversation
from parley.triggers.rest import Reply, accepted, operation


@operation(body=ExportConversation)
def handler(call: Call, conversation_id: str, body: ExportConversation) -> Reply[Export]:
    return accepted(exports.ask(call, conversation_id, body))
