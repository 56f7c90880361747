"""The people of the knowledge base: who keeps articles, who sees drafts, and who sees what is published."""

from parley.actions import access
from parley.adapters.people import account_states, agents
from parley.domain.api.errors import Field, Forbidden
from parley.domain.api.identity import SERVICE_ROLE
from parley.domain.api.request import Request


def writer(request: Request) -> Request:
    """Returns the request as its author writes; refuses a caller who runs no desk, at once or with the first read."""
    refusal = Forbidden("support_admins_only", "Only support admins may do this.", rule="SupportAdminRoles")
    account_states.require_role(request, lambda role: role == SERVICE_ROLE or role in agents.admin_roles(), refusal)
    return access.as_host(request)


def require_desk(request: Request, *pointers: str) -> None:
    """Refuses a caller who is neither an agent nor the host's own server, at once or with the first read."""
    fields = tuple(Field(pointer, "not_allowed") for pointer in pointers)
    refusal = Forbidden("agents_only", "Only agents may do this.", rule="AgentRoles", fields=fields)
    account_states.require_role(request, _is_of_desk, refusal)


def is_of_desk(request: Request) -> bool:
    """Says whether the caller is an agent or the host's own server; no round trip once something was read."""
    return _is_of_desk(account_states.role_of(request))


def _is_of_desk(role: str) -> bool:
    return role == SERVICE_ROLE or agents.is_agent(role)
