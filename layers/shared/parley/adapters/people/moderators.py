"""The moderators' roles: the environment variable MODERATOR_ROLES names them, with commas between them."""

from parley.adapters import environment


def roles() -> list[str]:
    """Returns the roles whose bearers may moderate in this deployment."""
    return environment.required("MODERATOR_ROLES").split(",")


def is_moderator(role: str) -> bool:
    """Says whether a person of this role may moderate in this deployment."""
    return role in roles()
