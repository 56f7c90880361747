"""GET /conversations/{conversation_id}/attachments?kind=&cursor=&limit=: the files of a conversation, newest first.

200, 400, 404, 429.
A file appears up to a second after its message. A page may be shorter than `limit`, because files of deleted messages
are left out: `next` says whether more follow.
"""

from parley.actions.attachments import galleries
from parley.domain.api.request import Request
from parley.domain.api.requests import ListAttachments
from parley.triggers.rest import Reply, ok, operation


@operation(query=ListAttachments)
def handler(request: Request, conversation_id: str, query: ListAttachments) -> Reply[galleries.AttachmentList]:
    return ok(galleries.list_attachments(request, conversation_id, query))
