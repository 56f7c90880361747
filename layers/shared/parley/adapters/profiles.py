"""What is known of people: the profile that their newest token carried."""

from msgspec import Struct
from pynamodb.exceptions import PutError

from parley.adapters import tables, writes


class Profile(Struct, frozen=True, kw_only=True):
    """A person as a token described them at `issued_at_s`."""

    user_id: str
    name: str
    role: str
    contexts: dict[str, tuple[str, ...]]
    issued_at_s: int


def read(user_id: str) -> Profile | None:
    """Returns somebody's profile, None for somebody who has never signed in; strongly consistent, one round trip."""
    try:
        row = tables.User.get(user_id, consistent_read=True)
    except tables.User.DoesNotExist:
        return None
    return Profile(
        user_id=row.user_id,
        name=row.name,
        role=row.role,
        contexts={context_type: tuple(held) for context_type, held in row.contexts.items()},
        issued_at_s=int(row.issued_at_s),
    )


def save_newer(profile: Profile) -> bool:
    """Writes a profile unless a newer one is there, and returns whether it did; one round trip."""
    row = tables.User(
        user_id=profile.user_id,
        name=profile.name,
        role=profile.role,
        contexts=dict(profile.contexts),
        issued_at_s=profile.issued_at_s,
    )
    newer = tables.User.user_id.does_not_exist() | (tables.User.issued_at_s <= profile.issued_at_s)
    try:
        row.save(condition=newer)
    except PutError as error:
        if writes.failed_condition(error):
            return False
        raise
    return True
