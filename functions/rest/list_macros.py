"""GET /support/macros?cursor=&limit=: the macros of the desk, by id. 200, 400, 403.

Agents may, and the host's own server.
"""

from parley.actions.support import macros
from parley.domain.api.request import Request
from parley.domain.api.requests import Page
from parley.domain.support.macros import MacroList
from parley.triggers.rest import Reply, ok, operation


@operation(query=Page)
def handler(request: Request, query: Page) -> Reply[MacroList]:
    return ok(macros.list_macros(request, query))
