"""The people and programs that work for the desk: agents, support admins, and the host's own server."""

from parley.actions import access
from parley.adapters.people import account_states, agents
from parley.domain.api.errors import Field, Forbidden
from parley.domain.api.identity import SERVICE_ROLE
from parley.domain.api.request import Request


def agents_only(request: Request, *names: str) -> Forbidden:
    """Returns the refusal of a caller who is no agent, for the fields of these names."""
    fields = tuple(Field(f"{request.field_prefix}/{name}", "not_allowed") for name in names)
    return Forbidden("agents_only", "Only agents may do this.", rule="AgentRoles", fields=fields)


def require_agent(request: Request, *, people_only: bool = False) -> None:
    """Refuses a caller who is neither an agent nor the host's own server, whether the ticket exists or not.

    With `people_only` the host's server is refused, too: what it does has no agent.
    """
    allows = agents.is_agent if people_only else works_for_desk
    account_states.require_role(request, allows, agents_only(request))


def works_for_desk(role: str) -> bool:
    """Says whether a caller of this role is an agent, or the host's own server."""
    return role == SERVICE_ROLE or agents.is_agent(role)


def is_of_desk(request: Request) -> bool:
    """Says whether the caller is an agent or the host's own server; no round trip once something was read."""
    return works_for_desk(account_states.role_of(request))


def require_admin(request: Request) -> None:
    """Refuses a caller who neither runs the desk nor is the host's own server, at once or with the first read."""
    refusal = Forbidden("support_admins_only", "Only support admins may do this.", rule="SupportAdminRoles")
    account_states.require_role(request, runs_desk, refusal)


def runs_desk(role: str) -> bool:
    """Says whether a caller of this role is a support admin, or the host's own server."""
    return role == SERVICE_ROLE or role in agents.admin_roles()


def admin(request: Request) -> Request:
    """Returns the request as its author writes; refuses whom `require_admin` refuses."""
    require_admin(request)
    return access.as_host(request)
