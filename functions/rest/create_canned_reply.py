"""POST /support/canned-replies: keep a new canned reply. 201, 200 (it was there), 400, 403, 409, 422.

Support admins may, and the host's own server.
"""

from parley.actions.support import canned_replies
from parley.domain.api.request import Request
from parley.domain.support.canned import CannedReplyAnswer, CreateCannedReply
from parley.triggers.rest import Reply, created, operation


@operation(body=CreateCannedReply)
def handler(request: Request, body: CreateCannedReply) -> Reply[CannedReplyAnswer]:
    reply, new = canned_replies.create_canned_reply(request, body)
    return created(reply, new=new)
