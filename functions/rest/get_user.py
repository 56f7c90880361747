"""GET /users/{user_id}: the profile of a user whom the caller may write to, or already talks with. 200, 400, 404."""

from parley.actions.people import profiles
from parley.domain.api.request import Request
from parley.domain.api.types import Person
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request, user_id: str) -> Reply[Person]:
    return ok(profiles.get_user(request, user_id))
