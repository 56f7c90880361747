"""The index of the published articles: its rows, and the index as this process knows it.

Each request reads the row of the version, one unit; only a new version makes the process read all rows again. The rows
have `PARTS` keys, which are read side by side: DynamoDB reads 3,000 units a second of one key, and the largest index
takes 4,000. A part that was read stays in the process until the index of its version is made, so a request continues
the reading that another could not end.
"""

import zlib
from concurrent.futures import wait
from contextvars import Context
from functools import partial
from zlib import crc32

from msgspec import Struct
from pynamodb.transactions import TransactWrite

from parley.adapters.dynamodb import batches, tables, unreadable
from parley.adapters.threads import Threads
from parley.domain.articles.article import Content, StoredArticle
from parley.domain.articles.index import Index, IndexEntry, entry_of

VERSION = ("articles", "index")
PARTS = 16

LEVEL = 9  # of the packing: an article is read far more often than saved

_reads = Threads(max_workers=PARTS, thread_name_prefix="article-index")


class Known(Struct, frozen=True):
    """This process's index, and its version; 0 before the first article was published."""

    version: int
    index: Index


class Reading(Struct, frozen=True):
    """The parts of a version that this process has read so far, by number."""

    version: int
    parts: dict[int, list[IndexEntry]]


_known = Known(0, Index())
_reading = Reading(0, {})


def current() -> Index:
    """Returns the index of the published articles; one round trip if this process knows it, two if not.

    Three if a part of it has more than 1 MB. A part that cannot be read raises what it raised; the next request reads
    that part alone. The caller does not pay for reading the rows: it serves all who come to this process, and another's
    change has caused it.
    """
    global _known
    row = batches.read_rows({tables.Ticket: [VERSION]}).get(tables.Ticket, *VERSION)
    version = 0 if row is None else int(row.index_version)
    if version != _known.version:
        _known = Known(version, Context().run(_read, version))
    return _known.index


def forget() -> None:
    """Clears the in-process memory; tests use it to simulate a new process."""
    global _known, _reading
    _known, _reading = Known(0, Index()), Reading(0, {})


def put_entry(transaction: TransactWrite, article: StoredArticle, content: Content) -> None:
    """Adds to a transaction that a published article is in the index with this content."""
    transaction.save(row_of(entry_of(article, content)))
    _count_on(transaction)


def key_of(article_id: str) -> str:
    """Returns the key of a published article's row."""
    return _key(crc32(article_id.encode()) % PARTS)


def row_of(entry: IndexEntry) -> tables.Ticket:
    """Returns the row of a published article."""
    return tables.Ticket(
        key=key_of(entry.article_id),
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
    transaction.delete(tables.Ticket(key_of(article_id), article_id))
    _count_on(transaction)


def _count_on(transaction: TransactWrite) -> None:
    transaction.update(tables.Ticket(*VERSION), actions=[tables.Ticket.index_version.add(1)])


def _read(version: int) -> Index:
    """Returns the index; raises what a part raises, after all others were read."""
    global _reading
    if _reading.version != version:
        _reading = Reading(version, {})
    reading = _reading
    missing = [part for part in range(PARTS) if part not in reading.parts]
    started = [_reads.submit(partial(_read_part, reading, part)) for part in missing]
    wait(started)
    for each in started:
        each.result()
    index = Index(entry for part in range(PARTS) for entry in reading.parts[part])
    _reading = Reading(0, {})
    return index


def _read_part(reading: Reading, part: int) -> None:
    # Consistent: an index without the last change, kept under its version, would stay without it.
    rows = tables.Ticket.query(_key(part), consistent_read=True)
    reading.parts[part] = list(unreadable.decoded("Tickets", rows, _entry))


def _key(part: int) -> str:
    return f"article-index#{part}"


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
