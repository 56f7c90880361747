"""The indexes of people by name: of one role, and of everybody."""

from collections.abc import Iterable
from functools import cache
from hashlib import sha256

from parley.adapters import environment
from parley.adapters.dynamodb import tables
from parley.adapters.people import profiles
from parley.adapters.threads import Threads
from parley.domain.people.directory import SHARDS, WORD_SHARDS, Entry, Range, role_shards

MAX_QUERIES_AT_ONCE = 32

_queries = Threads(max_workers=MAX_QUERIES_AT_ONCE, thread_name_prefix="directory")


def of_roles(roles: Iterable[str], within: Range, limit: int, *, words: bool) -> list[Entry]:
    """Returns up to `limit` people of these roles, by name, or with `words` by any word of it.

    Five queries a role, nine with `words`, `MAX_QUERIES_AT_ONCE` at a time.
    """
    parts = (part for role in roles for part in role_shards(role, words=words))
    return _merged(tables.User.by_role, parts, within, limit)


def of_all(within: Range, limit: int, *, words: bool) -> list[Entry]:
    """Returns up to `limit` people, by name, or with `words` by any word of it; one round trip."""
    return _merged(tables.User.by_name, SHARDS + WORD_SHARDS if words else SHARDS, within, limit)


def of_shard(shard: str, after: str, limit: int) -> list[Entry]:
    """Returns up to `limit` people of a part of the index of all, by name, after the key `after`; one round trip."""
    found = tables.User.by_name.query(shard, tables.User.name_key > after, limit=limit, page_size=limit)
    return [Entry(row.name_key, profiles.owner_of(row.user_id)) for row in found]


@cache
def sealing_key() -> bytes:
    """Returns the key that seals cursors: made of names that CloudFormation gives at random and no client sees."""
    parts = (environment.required("USERS_TABLE"), environment.required("POST_RETRIES_QUEUE_URL"))
    return sha256("\n".join(("directory", *parts)).encode()).digest()


def _merged(index: tables.ByRole | tables.ByName, hashes: Iterable[str], within: Range, limit: int) -> list[Entry]:
    if within.is_empty:
        return []

    def query(hash_key: str) -> list[Entry]:
        found = index.query(
            hash_key, tables.User.name_key.between(within.first, within.last), limit=limit, page_size=limit
        )
        return [Entry(row.name_key, profiles.owner_of(row.user_id)) for row in found]

    # An index may lag: a person whose role has just changed can be in both.
    return sorted({entry for entries in _queries.map(query, hashes) for entry in entries})[:limit]
