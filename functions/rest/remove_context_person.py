"""DELETE /contexts/{context_type}/{context_id}/people/{user_id}: take a person out of a context. 200, 400, 403, 404.

Only the host's own server may.
"""

from parley.actions.people import contexts
from parley.domain.api.request import Request
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request, context_type: str, context_id: str, user_id: str) -> Reply[contexts.ContextPerson]:
    return ok(contexts.remove_context_person(request, context_type, context_id, user_id))
