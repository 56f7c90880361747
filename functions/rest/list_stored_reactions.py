"""GET /migration/conversations/{conversation_id}/reactions?cursor=: the reactions to its messages, for an export.

Only the host's own server may; the audit log records each page. 200, 400, 403, 404.
"""

from parley.actions.moving import reading
from parley.domain.api.request import Request
from parley.domain.moving.exports import StoredReactionList
from parley.domain.moving.requests import ListStored
from parley.triggers.rest import Reply, ok, operation


@operation(query=ListStored)
def handler(request: Request, conversation_id: str, query: ListStored) -> Reply[StoredReactionList]:
    return ok(reading.list_stored_reactions(request, conversation_id, query))
