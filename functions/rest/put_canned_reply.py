"""PUT /support/canned-replies/{reply_id}: replace a canned reply. 200, 400, 403, 404, 409.

Support admins may, and the host's own server.
"""

from parley.actions.support import canned_replies
from parley.domain.api.request import Request
from parley.domain.support.canned import CannedReplyAnswer, PutCannedReply
from parley.triggers.rest import Reply, ok, operation


@operation(body=PutCannedReply)
def handler(request: Request, reply_id: str, body: PutCannedReply) -> Reply[CannedReplyAnswer]:
    return ok(canned_replies.put_canned_reply(request, reply_id, body))
