"""The moderators' roles: the environment variable MODERATOR_ROLES names them, with commas between them."""

from parley.adapters import environment
from parley.domain.api.identity import SERVICE_ROLE


def roles() -> list[str]:
    """Returns the roles whose bearers may moderate in this deployment."""
    return environment.required("MODERATOR_ROLES").split(",")


def reads_any() -> bool:
    """Says whether moderators may read and moderate any conversation, or only those with a reported message."""
    return environment.required("MODERATOR_READS") == "any"


def rank(role: str) -> int:
    """Returns how high a role stands: the host's own server, then the moderators' roles in their order, then 0."""
    known = roles()
    if role == SERVICE_ROLE:
        return len(known) + 1
    return len(known) - known.index(role) if role in known else 0


def is_moderator(role: str) -> bool:
    """Says whether a person of this role may moderate in this deployment."""
    return role in roles()
