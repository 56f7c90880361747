"""POST /attachments: ask for the upload of a file before the direct conversation or the ticket exists.

201, 200 (repeated), 400, 403, 404, 409, 422, 429.
`POST /messages` with the same `user_id` and `context` opens the conversation, `POST /support/tickets` with the
`client_id` that is `ticket_client_id` here the ticket. A user who may open it may upload.
"""

from parley.actions.attachments import uploads
from parley.domain.api.request import Request
from parley.domain.api.requests import CreateAttachmentForUser
from parley.domain.api.types import AttachmentUpload
from parley.triggers.rest import Reply, created, operation


@operation(body=CreateAttachmentForUser)
def handler(request: Request, body: CreateAttachmentForUser) -> Reply[AttachmentUpload]:
    upload, is_new = uploads.create_attachment_for_user(request, body)
    return created(upload, new=is_new)
