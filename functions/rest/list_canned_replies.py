"""GET /support/canned-replies?ticket_id=&cursor=&limit=: the canned replies of the desk, by id.

200, 400, 403, 404.
Agents may, and the host's own server. With a ticket, each text also comes filled for it, in the caller's name.
"""

from parley.actions.support import canned_replies
from parley.domain.api.request import Request
from parley.domain.support.canned import CannedReplyList, ListCannedReplies
from parley.triggers.rest import Reply, ok, operation


@operation(query=ListCannedReplies)
def handler(request: Request, query: ListCannedReplies) -> Reply[CannedReplyList]:
    return ok(canned_replies.list_canned_replies(request, query))
