"""POST /migration/conversations/{conversation_id}/finish: end an import, and show the conversation to its members.

Only the host's own server may. It says what each member has read and set, and of a ticket its state and history.
Nobody is told. It may come again.
200, 400, 403, 404, 409.
"""

from parley.actions.moving import tickets
from parley.domain.api.request import Request
from parley.domain.moving.imports import ImportAnswer
from parley.domain.moving.requests import FinishImport
from parley.triggers.rest import Reply, ok, operation


@operation(body=FinishImport)
def handler(request: Request, body: FinishImport, conversation_id: str) -> Reply[ImportAnswer]:
    return ok(tickets.finish_import(request, conversation_id, body))
