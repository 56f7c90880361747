"""POST /attachments/urls: the addresses of up to 50 attachments, for a whole screen.

200, 400, 429.
An address is valid for 60 seconds and needs no token. An attachment that the caller may not have is null, and so is one
that is not clean.
"""

from parley.actions.attachments import downloads
from parley.domain.api.request import Request
from parley.domain.api.requests import CreateAttachmentUrls
from parley.domain.api.types import AttachmentUrlMap
from parley.triggers.rest import Reply, ok, operation


@operation(body=CreateAttachmentUrls)
def handler(request: Request, body: CreateAttachmentUrls) -> Reply[AttachmentUrlMap]:
    return ok(downloads.create_attachment_urls(request, body))
