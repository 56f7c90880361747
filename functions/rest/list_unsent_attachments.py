"""GET /me/attachments?cursor=&limit=: the caller's attachments that are not sent, newest first. 200, 400, 429.

A client that has lost its memory finds here what it can still send, or discard. A page may be shorter than `limit`:
`next` says whether more follow.
"""

from parley.actions.attachments import unsent
from parley.domain.api.request import Request
from parley.domain.api.requests import Page
from parley.triggers.rest import Reply, ok, operation


@operation(query=Page)
def handler(request: Request, query: Page) -> Reply[unsent.UnsentAttachmentList]:
    return ok(unsent.list_unsent_attachments(request, query))
