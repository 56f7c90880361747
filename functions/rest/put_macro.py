"""PUT /support/macros/{macro_id}: replace a macro. 200, 400, 403, 404, 409.

Support admins may, and the host's own server.
"""

from parley.actions.support import macros
from parley.domain.api.request import Request
from parley.domain.support.macros import MacroAnswer, PutMacro
from parley.triggers.rest import Reply, ok, operation


@operation(body=PutMacro)
def handler(request: Request, macro_id: str, body: PutMacro) -> Reply[MacroAnswer]:
    return ok(macros.put_macro(request, macro_id, body))
