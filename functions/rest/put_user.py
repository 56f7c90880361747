"""PUT /users/{user_id}: set a person's profile; only the host's own server may. 201, 200, 400, 403, 409."""

from parley.actions.people import profiles
from parley.domain.api.request import Request
from parley.domain.api.requests import PutUser
from parley.domain.api.types import Person
from parley.triggers.rest import Reply, created, operation


@operation(body=PutUser)
def handler(request: Request, user_id: str, body: PutUser) -> Reply[Person]:
    person, new = profiles.put_user(request, user_id, body)
    return created(person, new=new)
