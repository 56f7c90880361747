"""POST /support/tickets/{ticket_id}/notes: write a note that only agents see, as an agent.

201, 200 (replayed), 400, 403, 404, 409, 422, 429.
"""

from parley.actions.support import notes
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.domain.api.types import SentMessage
from parley.domain.support.requests import AddNote
from parley.triggers.rest import Reply, created, operation


@operation(body=AddNote, asks=OWN)
def handler(request: Request, ticket_id: str, body: AddNote) -> Reply[SentMessage]:
    sent = notes.add_note(request, ticket_id, body)
    return created(sent, new=not sent.replayed)
