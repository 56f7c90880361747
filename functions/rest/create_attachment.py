"""POST /conversations/{conversation_id}/attachments: ask for the upload of a file.

201, 200 (repeated), 400, 403, 404, 422, 429.
The client then uploads the file to S3 with the form in the answer. A user who may send messages in a conversation may
upload there.
"""

from parley.actions.attachments import uploads
from parley.domain.api.request import Request
from parley.domain.api.requests import CreateAttachment
from parley.domain.api.types import AttachmentUpload
from parley.triggers.rest import Reply, created, operation


@operation(body=CreateAttachment)
def handler(request: Request, conversation_id: str, body: CreateAttachment) -> Reply[AttachmentUpload]:
    upload, is_new = uploads.create_attachment(request, conversation_id, body)
    return created(upload, new=is_new)
