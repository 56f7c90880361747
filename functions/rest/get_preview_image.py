"""GET /messages/{message_id}/preview/image: download the picture of the preview of a message's link.

200 (with `Accept: application/json`), 302, 400, 404, 429.
The redirect leads to S3, to an address that is valid for 60 seconds and needs no token.
"""

from parley.actions.attachments import downloads
from parley.domain.api.request import Request
from parley.domain.api.types import PreviewImageUrl
from parley.triggers.rest import Reply, ok_or_found, operation


@operation(negotiates=True)
def handler(request: Request, message_id: str, as_json: bool) -> Reply[PreviewImageUrl]:
    return ok_or_found(downloads.get_preview_image(request, message_id, as_json=as_json))
