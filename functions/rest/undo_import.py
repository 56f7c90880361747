"""DELETE /migration/conversations/{conversation_id}?run=: delete what a run has imported, if nobody has used it since.

Only the host's own server may. A large conversation takes several calls: repeat it until `done`.
200, 400, 403, 409.
"""

from parley.actions.moving.undoing import undo_import
from parley.domain.api.request import Request
from parley.domain.moving.imports import UndoAnswer
from parley.domain.moving.requests import OfRun
from parley.triggers.rest import Reply, ok, operation


@operation(query=OfRun)
def handler(request: Request, query: OfRun, conversation_id: str) -> Reply[UndoAnswer]:
    return ok(undo_import(request, conversation_id, query))
