"""POST /migration/conversations/{conversation_id}/messages: store the next messages of an import.

Only the host's own server may. A request is stored whole or refused, and may come again; nobody is told.
200, 400, 403, 404, 409, 422.
"""

from parley.actions.moving import imports
from parley.domain.api.request import Request
from parley.domain.moving.imports import ImportAnswer
from parley.domain.moving.requests import ImportMessages
from parley.triggers.rest import Reply, ok, operation


@operation(body=ImportMessages)
def handler(request: Request, body: ImportMessages, conversation_id: str) -> Reply[ImportAnswer]:
    return ok(imports.import_messages(request, conversation_id, body))
