"""PUT /users: set the profiles of up to 100 people; only the host's own server may. 200, 400, 403."""

from parley.actions.people import profiles
from parley.domain.api.request import Request
from parley.domain.api.requests import PutUsers
from parley.triggers.rest import Reply, ok, operation


@operation(body=PutUsers)
def handler(request: Request, body: PutUsers) -> Reply[profiles.PutUsersAnswer]:
    return ok(profiles.put_users(request, body))
