"""The mark of an erased person, which holds a hash of their id and nothing else: nobody gets in as them."""

from collections.abc import Iterable

from parley.adapters.dynamodb import batches, tables
from parley.adapters.dynamodb.batches import Rows
from parley.domain.erasure.job import user_hash


def key(user_id: str) -> str:
    """Returns the key of a person's mark: one more in a batch, 1 unit."""
    return f"#{user_hash(user_id)}"


def is_marked(rows: Rows, user_id: str) -> bool:
    """Says whether a person was erased, from a batch that held `key` of `tables.Erasure`."""
    return rows.has(tables.Erasure, key(user_id))


def among(user_ids: Iterable[str]) -> set[str]:
    """Returns those of these people who were erased; one round trip per 100."""
    wanted = list(user_ids)
    rows = batches.read_rows({tables.Erasure: [(key(user_id),) for user_id in wanted]})
    return {user_id for user_id in wanted if is_marked(rows, user_id)}


def forget(user_id: str) -> None:
    """Takes a mark away, so that the person may be known again; one round trip."""
    tables.Erasure(erasure_id=key(user_id)).delete()
