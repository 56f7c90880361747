"""GET /attachments/{attachment_id}: download a file.

200 (with `Accept: application/json`), 302, 400, 404, 409, 429.
The redirect leads to S3, to an address that is valid for 60 seconds and needs no token. With `Accept: application/json`
the answer describes the attachment and has the addresses, because an `<img>` cannot send a token; the uploader sees
every state this way.
"""

from parley.actions.attachments import downloads
from parley.domain.api.request import Request
from parley.domain.api.types import AttachmentDownload
from parley.triggers.rest import Reply, ok_or_found, operation


@operation(negotiates=True)
def handler(request: Request, attachment_id: str, as_json: bool) -> Reply[AttachmentDownload]:
    return ok_or_found(downloads.get_attachment(request, attachment_id, as_json=as_json))
