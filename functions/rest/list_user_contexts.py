"""GET /users/{user_id}/contexts?cursor=&limit=: the contexts to which the host has added a person. 200, 400, 403.

Only the host's own server and moderators may. The contexts that a token or PUT /users names are in the profile.
"""

from parley.actions.people import contexts
from parley.domain.api.request import Request
from parley.domain.api.requests import Page
from parley.triggers.rest import Reply, ok, operation


@operation(query=Page)
def handler(request: Request, user_id: str, query: Page) -> Reply[contexts.UserContextList]:
    return ok(contexts.list_user_contexts(request, user_id, query))
