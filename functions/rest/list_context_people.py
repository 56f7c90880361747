"""GET /contexts/{context_type}/{context_id}/people?cursor=&limit=: the people of a context, by id. 200, 400, 403.

Only the host's own server and moderators may. It lists those whom the host has added here, not those whose context a
token or PUT /users names.
"""

from parley.actions.people import contexts
from parley.domain.api.request import Request
from parley.domain.api.requests import Page
from parley.triggers.rest import Reply, ok, operation


@operation(query=Page)
def handler(request: Request, context_type: str, context_id: str, query: Page) -> Reply[contexts.ContextPersonList]:
    return ok(contexts.list_context_people(request, context_type, context_id, query))
