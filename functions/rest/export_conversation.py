"""POST /conversations/{conversation_id}/export: export a conversation into a file. 202, 400, 404, 422, 429.

For its members, and for moderators. While an export of the same format is under way, a request returns that export.
"""

from parley.actions.exports import exports
from parley.domain.api.request import Request
from parley.domain.api.requests import ExportConversation
from parley.domain.exports.job import Export
from parley.triggers.rest import Reply, accepted, operation


@operation(body=ExportConversation)
def handler(request: Request, conversation_id: str, body: ExportConversation) -> Reply[Export]:
    return accepted(exports.export_conversation(request, conversation_id, body))
