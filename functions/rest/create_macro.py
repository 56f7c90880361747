"""POST /support/macros: keep a new macro. 201, 200 (it was there), 400, 403, 409, 422.

Support admins may, and the host's own server.
"""

from parley.actions.support import macros
from parley.domain.api.request import Request
from parley.domain.support.macros import CreateMacro, MacroAnswer
from parley.triggers.rest import Reply, created, operation


@operation(body=CreateMacro)
def handler(request: Request, body: CreateMacro) -> Reply[MacroAnswer]:
    macro, new = macros.create_macro(request, body)
    return created(macro, new=new)
