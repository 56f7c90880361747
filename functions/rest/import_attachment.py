"""POST /migration/conversations/{conversation_id}/attachments: ask for the upload of a file that a message will carry.

Only the host's own server may, in the name of the sender. It uploads the file with the form in the answer, and repeats
the request until the scanner has examined it. 200, 201, 400, 403, 404, 409, 422.
"""

from parley.actions.moving import files
from parley.domain.api.request import Request
from parley.domain.api.types import AttachmentUpload
from parley.domain.moving.requests import ImportAttachment
from parley.triggers.rest import Reply, created, operation


@operation(body=ImportAttachment)
def handler(request: Request, conversation_id: str, body: ImportAttachment) -> Reply[AttachmentUpload]:
    upload, is_new = files.import_attachment(request, conversation_id, body)
    return created(upload, new=is_new)
