"""POST /migration/conversations: begin to import a conversation of another system, before its messages.

Only the host's own server may. Until the import is finished nobody else sees the conversation. The same run finds it
again, and learns which message comes next. 200, 201, 400, 403, 404, 409, 422.
"""

from parley.actions.moving import imports
from parley.domain.api.request import Request
from parley.domain.moving.imports import ImportAnswer
from parley.domain.moving.requests import ImportConversation
from parley.triggers.rest import Reply, created, operation


@operation(body=ImportConversation)
def handler(request: Request, body: ImportConversation) -> Reply[ImportAnswer]:
    answer, new = imports.import_conversation(request, body)
    return created(answer, new=new)
