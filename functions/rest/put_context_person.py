"""PUT /contexts/{context_type}/{context_id}/people/{user_id}: add a person. 201, 200, 400, 403, 404, 409.

The person belongs to the context from their next request on. Only the host's own server may.
"""

from parley.actions.people import contexts
from parley.domain.api.request import Request
from parley.triggers.rest import Reply, created, operation


@operation()
def handler(request: Request, context_type: str, context_id: str, user_id: str) -> Reply[contexts.ContextPerson]:
    person, new = contexts.put_context_person(request, context_type, context_id, user_id)
    return created(person, new=new)
