"""GET /users?ids=&role=&q=&cursor=&limit=: users with whom the caller may talk, by name, or by id. 200, 400."""

from parley.actions.people import directory
from parley.domain.api.request import Request
from parley.domain.api.requests import ListUsers
from parley.triggers.rest import Reply, ok, operation


@operation(query=ListUsers)
def handler(request: Request, query: ListUsers) -> Reply[directory.UserList]:
    return ok(directory.list_users(request, query))
