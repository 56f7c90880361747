"""DELETE /attachments/{attachment_id}: discard an attachment of the caller that is not sent.

200, 400, 404, 409, 429.
Its upload and its file are deleted, whatever its state is. To delete a file that was sent, delete its message.
"""

from parley.actions.attachments import unsent
from parley.domain.api.limits import LIVE
from parley.domain.api.request import Request
from parley.domain.api.types import Attachment
from parley.triggers.rest import Reply, ok, operation


@operation(asks=LIVE)
def handler(request: Request, attachment_id: str) -> Reply[Attachment]:
    return ok(unsent.delete_attachment(request, attachment_id))
