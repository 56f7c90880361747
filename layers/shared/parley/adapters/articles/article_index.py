"""The index of the published articles: its rows, and the index as this process knows it.

Each request reads the row of the version, one unit; only a new version makes the process read all rows again. The rows
have one key in `PARTS` ranges of places, which are read side by side: 1,000 of the largest are some 8 MB.
"""

import zlib
from contextvars import Context

from msgspec import Struct
from pynamodb.transactions import TransactWrite

from parley.adapters.dynamodb import batches, tables, unreadable
from parley.adapters.threads import Threads
from parley.domain.articles.article import Content, StoredArticle
from parley.domain.articles.index import Index, IndexEntry, entry_of

KEY = "article-index"
VERSION = ("articles", "index")
# Ids are hashes in letters and digits of base 32, so each range has a 16th of the articles.
PARTS = tuple(zip("246acegikmoqsuwy", "357bdfhjlnprtvxz", strict=True))

LEVEL = 9  # of the packing: an article is read far more often than saved

_parts = Threads(max_workers=len(PARTS), thread_name_prefix="article-index")


class Known(Struct, frozen=True):
    """This process's index, and its version; 0 before the first article was published."""

    version: int
    index: Index


_known = Known(0, Index())


def current() -> Index:
    """Returns the index of the published articles; one round trip if this process knows it, two if not.

    Three if a part of it has more than 1 MB. The caller does not pay for reading the rows: it serves all who come to
    this process, and another's change has caused it.
    """
    global _known
    row = batches.read_rows({tables.Ticket: [VERSION]}).get(tables.Ticket, *VERSION)
    version = 0 if row is None else int(row.index_version)
    if version != _known.version:
        _known = Known(version, Context().run(_read))
    return _known.index


def forget() -> None:
    """Clears the in-process memory; tests use it to simulate a new process."""
    global _known
    _known = Known(0, Index())


def put_entry(transaction: TransactWrite, article: StoredArticle, content: Content) -> None:
    """Adds to a transaction that a published article is in the index with this content."""
    transaction.save(row_of(entry_of(article, content)))
    _count_on(transaction)


def row_of(entry: IndexEntry) -> tables.Ticket:
    """Returns the row of a published article."""
    return tables.Ticket(
        key=KEY,
        place=entry.article_id,
        title=entry.title,
        excerpt=entry.excerpt,
        category=entry.category,
        language=entry.language,
        updated_at_ms=entry.updated_at_ms,
        terms=zlib.compress(entry.terms.encode(), LEVEL),
    )


def remove_entry(transaction: TransactWrite, article_id: str) -> None:
    """Adds to a transaction that an article is no longer in the index."""
    transaction.delete(tables.Ticket(KEY, article_id))
    _count_on(transaction)


def _count_on(transaction: TransactWrite) -> None:
    transaction.update(tables.Ticket(*VERSION), actions=[tables.Ticket.index_version.add(1)])


def _read() -> Index:
    return Index(entry for part in _parts.map(_read_part, PARTS) for entry in part)


def _read_part(part: tuple[str, str]) -> list[IndexEntry]:
    # Consistent: an index without the last change, kept under its version, would stay without it.
    first, last = part
    rows = tables.Ticket.query(KEY, tables.Ticket.place.between(f"k_{first}", f"k_{last}~"), consistent_read=True)
    return list(unreadable.decoded("Tickets", rows, _entry))


def _entry(row: tables.Ticket) -> IndexEntry:
    return IndexEntry(
        article_id=row.place,
        title=row.title,
        excerpt=row.excerpt,
        category=row.category,
        language=row.language,
        updated_at_ms=int(row.updated_at_ms),
        terms=_unpacked(row.terms),
    )


def _unpacked(packed: bytes) -> str:
    try:
        return zlib.decompress(packed).decode()
    except zlib.error as error:
        raise ValueError("these terms cannot be read") from error
