"""POST /support/tickets/{ticket_id}/macros/{macro_id}: apply a macro to a ticket, its changes and its reply together.

200, 400, 403, 404, 409, 422, 429.
Agents may. If anything of the macro is refused, nothing of it is done.
"""

from parley.actions.support import applying
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.domain.support.macros import AppliedMacro, ApplyMacro
from parley.triggers.rest import Reply, ok, operation


@operation(body=ApplyMacro, asks=OWN)
def handler(request: Request, ticket_id: str, macro_id: str, body: ApplyMacro) -> Reply[AppliedMacro]:
    return ok(applying.apply_macro(request, ticket_id, macro_id, body))
