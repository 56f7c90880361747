"""Who may moderate: the roles that the environment variable MODERATOR_ROLES names, with commas between them."""

from parley.adapters import environment


def is_moderator(role: str) -> bool:
    """Says whether somebody of this role may moderate in this deployment."""
    return role in environment.required("MODERATOR_ROLES").split(",")
