"""The versions and votes of deleted articles, which go in bounded steps."""

from collections.abc import Iterator
from itertools import islice

from msgspec import Struct
from pynamodb.exceptions import DeleteError

from parley.adapters.articles import articles
from parley.adapters.dynamodb import batches, conditions, tables, unreadable
from parley.adapters.threads import Threads

AT_ONCE = 32
MAX_LISTED = 100  # deleted articles that one run takes up

_deleting = Threads(max_workers=AT_ONCE, thread_name_prefix="article-remains")


class Remains(Struct, frozen=True):
    """A deleted article of which something may still be there. `of_ms` is when it was made."""

    article_id: str
    of_ms: int


def list_remains() -> list[Remains]:
    """Returns deleted articles of which something may still be there; one round trip, half a unit if there are none."""
    rows = tables.Ticket.query(articles.REMAINS, page_size=MAX_LISTED)
    return unreadable.first("Tickets", rows, _remains, MAX_LISTED)


def delete_part(remains: Remains, size: int) -> bool:
    """Deletes up to `size` rows of a deleted article; says whether all are gone, and then forgets it.

    Two round trips, one for each 1 MB that the rows have, and some for each 32 votes. A later article of the same id
    keeps what it has.
    """
    versions = list(islice(_version_keys(remains), size))
    batches.delete_rows({tables.Ticket: versions})
    votes = list(islice(_vote_keys(remains), size - len(versions)))
    list(_deleting.map(lambda key: _delete_vote(key, remains.of_ms), votes))
    if len(versions) + len(votes) >= size:
        return False
    batches.delete_rows({tables.Ticket: [(articles.REMAINS, f"{remains.article_id}#{remains.of_ms:015d}")]})
    return True


def _remains(row: tables.Ticket) -> Remains:
    return Remains(row.place.partition("#")[0], int(row.created_at_ms))


def _version_keys(remains: Remains) -> Iterator[tuple[str, str]]:
    first = f"version#{remains.of_ms:015d}#"
    key = articles.parts_key(remains.article_id)
    rows = tables.Ticket.query(
        key, tables.Ticket.place.startswith(first), consistent_read=True, attributes_to_get=["key", "place"]
    )
    return unreadable.decoded("Tickets", rows, lambda row: (row.key, row.place))


def _vote_keys(remains: Remains) -> Iterator[tuple[str, str]]:
    """Yields the keys of the votes on the deleted article, and not on a later one of its id."""
    key = articles.parts_key(remains.article_id)
    rows = tables.Ticket.query(
        key,
        tables.Ticket.place.startswith("vote#"),
        filter_condition=tables.Ticket.of_ms == remains.of_ms,
        consistent_read=True,
    )
    return unreadable.decoded("Tickets", rows, lambda row: (row.key, row.place))


def _delete_vote(key: tuple[str, str], of_ms: int) -> None:
    """Deletes a vote, unless its person has voted on a later article of this id meanwhile."""
    try:
        tables.Ticket(*key).delete(condition=tables.Ticket.of_ms == of_ms)
    except DeleteError as error:
        if not conditions.failed_condition(error):
            raise
