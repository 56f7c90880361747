"""POST /migration/conversations/{conversation_id}/attachments/urls: the addresses of files, for an export.

Only the host's own server may; the audit log records each request. An address is valid for 60 seconds and needs no
token. An attachment that no message of the conversation shows is null. 200, 400, 403, 404.
"""

from parley.actions.moving import reading
from parley.domain.api.request import Request
from parley.domain.api.requests import CreateAttachmentUrls
from parley.domain.api.types import AttachmentUrlMap
from parley.triggers.rest import Reply, ok, operation


@operation(body=CreateAttachmentUrls)
def handler(request: Request, conversation_id: str, body: CreateAttachmentUrls) -> Reply[AttachmentUrlMap]:
    return ok(reading.create_stored_file_urls(request, conversation_id, body))
