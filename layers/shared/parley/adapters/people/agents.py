"""The roles of the support desk: the environment variables AGENT_ROLES and SUPPORT_ADMIN_ROLES, with commas between."""

from parley.adapters import environment


def roles() -> list[str]:
    """Returns the roles whose bearers answer tickets in this deployment; support admins do, too."""
    return [*environment.required("AGENT_ROLES").split(","), *admin_roles()]


def admin_roles() -> list[str]:
    """Returns the roles whose bearers run the desk."""
    return environment.required("SUPPORT_ADMIN_ROLES").split(",")


def is_agent(role: str) -> bool:
    """Says whether a person of this role answers tickets: an agent, or a support admin."""
    return role in roles()
