"""People's profiles, from their newest token or from the host's own server."""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace
from pynamodb.exceptions import PutError

from parley.adapters.dynamodb import batches, conditions, tables
from parley.adapters.dynamodb.batches import Rows
from parley.domain.people import directory


class Profile(Struct, frozen=True, kw_only=True):
    """A person as a token, or the host's own server, described them at `issued_at_s`."""

    user_id: str
    name: str
    role: str
    contexts: dict[str, tuple[str, ...]]
    issued_at_s: int

    @property
    def name_key(self) -> str:
        """Returns the key by which the directory sorts and finds the person."""
        return directory.name_key(self.name, self.user_id)

    def issued_at(self, at_s: int) -> "Profile":
        """Returns the same profile, described at another time."""
        return replace(self, issued_at_s=at_s)

    def says_the_same(self, other: "Profile") -> bool:
        """Says whether both describe the person alike, at any time."""
        return self.issued_at(other.issued_at_s) == other


def get_profile(user_id: str) -> Profile | None:
    """Returns a user's profile, None if they have never signed in; strongly consistent, one round trip."""
    try:
        row = tables.User.get(user_id, consistent_read=True)
    except tables.User.DoesNotExist:
        return None
    return _profile(row)


def profile_of(rows: Rows, user_id: str) -> Profile | None:
    """Returns a user's profile from a batch, or None if it does not exist."""
    row = rows.get(tables.User, user_id)
    return None if row is None else _profile(row)


def some(user_ids: Iterable[str]) -> dict[str, Profile]:
    """Returns the profiles of those of these people who have one, by id; one round trip per 100."""
    wanted = list(user_ids)
    rows = batches.read_rows({tables.User: [(user_id,) for user_id in wanted]})
    found = {user_id: profile_of(rows, user_id) for user_id in wanted}
    return {user_id: profile for user_id, profile in found.items() if profile is not None}


def save_newer(profile: Profile) -> bool:
    """Writes a profile unless a newer one is there, and returns whether it did; one round trip."""
    row = tables.User(
        user_id=profile.user_id,
        name=profile.name,
        role=directory.role_shard(profile.role, profile.user_id),
        contexts=dict(profile.contexts),
        issued_at_s=profile.issued_at_s,
        name_key=profile.name_key,
        name_shard=directory.shard(profile.user_id),
    )
    newer = tables.User.user_id.does_not_exist() | (tables.User.issued_at_s <= profile.issued_at_s)
    try:
        row.save(condition=newer)
    except PutError as error:
        if conditions.failed_condition(error):
            return False
        raise
    return True


def _profile(row: tables.User) -> Profile:
    return Profile(
        user_id=row.user_id,
        name=row.name,
        role=directory.role_of(row.role),
        contexts={context_type: tuple(held) for context_type, held in row.contexts.items()},
        issued_at_s=int(row.issued_at_s),
    )
