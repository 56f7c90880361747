"""Rows that a sweep must look at: read from the shards of an index, side by side."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.indexes import GlobalSecondaryIndex

from parley.adapters.threads import Threads

MAX_PAGE = 1000  # rows of one query; about 100 bytes each, so they fit one page of 1 MB
MAX_QUERIES_AT_ONCE = 16

_queries = Threads(max_workers=MAX_QUERIES_AT_ONCE, thread_name_prefix="due")


def due_rows(index: GlobalSecondaryIndex[Any], shards: Iterable[str], is_due: Condition) -> Iterator[Any]:
    """Yields the rows of all shards for which `is_due` holds, the oldest of each shard first.

    One round trip for each `MAX_PAGE` rows of a shard. A row that fails holds up no other: the next page begins
    after it.
    """
    open_shards: list[tuple[str, Any]] = [(shard, None) for shard in shards]
    while open_shards:
        pages = list(_queries.map(lambda place: _page(index, place[0], place[1], is_due), open_shards))
        open_shards = [(shard, last) for (shard, _), (_, last) in zip(open_shards, pages, strict=True) if last]
        for found, _ in pages:
            yield from found


def _page(index: GlobalSecondaryIndex[Any], shard: str, after: Any, is_due: Condition) -> tuple[Sequence[Any], Any]:
    result = index.query(shard, is_due, limit=MAX_PAGE, page_size=MAX_PAGE, last_evaluated_key=after)
    return list(result), result.last_evaluated_key
