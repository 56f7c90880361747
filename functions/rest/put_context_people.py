"""PUT /contexts/{context_type}/{context_id}/people: add and remove up to 100 people of a context. 200, 400, 403.

Only the host's own server may.
"""

from parley.actions.people import contexts
from parley.domain.api.request import Request
from parley.domain.api.requests import PutContextPeople
from parley.triggers.rest import Reply, ok, operation


@operation(body=PutContextPeople)
def handler(
    request: Request, context_type: str, context_id: str, body: PutContextPeople
) -> Reply[contexts.PutContextPeopleAnswer]:
    return ok(contexts.put_context_people(request, context_type, context_id, body))
