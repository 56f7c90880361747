"""DELETE /support/canned-replies/{reply_id}: delete a canned reply, also one that is not there. 200, 400, 403.

Support admins may, and the host's own server.
"""

from parley.actions.support import canned_replies
from parley.domain.api.request import Request
from parley.domain.support.canned import DeletedCannedReply
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request, reply_id: str) -> Reply[DeletedCannedReply]:
    return ok(canned_replies.delete_canned_reply(request, reply_id))
