"""The people whom answers name: the part of a profile that their fellow members see."""

from collections.abc import Iterable

from parley.adapters.dynamodb import batches, tables, unreadable
from parley.adapters.dynamodb.batches import Rows
from parley.domain.api.types import NamedUser
from parley.domain.people.directory import role_of


def read_named(user_ids: Iterable[str]) -> dict[str, NamedUser]:
    """Returns the people who have signed in or were put, by id; they may be a moment old.

    One round trip, half a read unit for each.
    """
    wanted = list(dict.fromkeys(user_ids))
    rows = batches.read_rows({tables.User: [(user_id,) for user_id in wanted]}, stale=(tables.User,))
    return of(rows, wanted)


def of(rows: Rows, user_ids: Iterable[str]) -> dict[str, NamedUser]:
    """Returns the people of a batch who exist and can be read, by id; reports unreadable ones."""
    return unreadable.readable("Users", user_ids, lambda user_id: _named(rows, user_id))


def _named(rows: Rows, user_id: str) -> NamedUser | None:
    row = rows.get(tables.User, user_id)
    if row is None:
        return None
    return NamedUser(
        name=row.name,
        role=role_of(row.role),
        avatar_url=row.avatar_url,
        profile_seq=int(row.profile_seq or row.issued_at_s * 1000),  # as `profiles.py` of an earlier version's row
    )
