"""DELETE /support/macros/{macro_id}: delete a macro, also one that is not there. 200, 400, 403.

Support admins may, and the host's own server.
"""

from parley.actions.support import macros
from parley.domain.api.request import Request
from parley.domain.support.macros import DeletedMacro
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request, macro_id: str) -> Reply[DeletedMacro]:
    return ok(macros.delete_macro(request, macro_id))
