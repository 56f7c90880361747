"""The index of the published articles: its rows, and the index as this process knows it.

The rows have `PARTS` keys, which are read side by side: DynamoDB reads 3,000 units a second of one key, and the largest
index takes 4,000. Each part has a version. A request reads all versions, one unit; the process reads those parts again
that have another version than it knows, so a new article makes it read a sixteenth. A part that was read stays in the
process, so a request continues the reading that another could not end.
"""

import zlib
from collections.abc import Sequence
from concurrent.futures import wait
from contextvars import Context
from functools import partial
from zlib import crc32

from msgspec import Struct, convert
from pynamodb.transactions import TransactWrite

from parley.adapters.dynamodb import tables, unreadable
from parley.adapters.support import kept
from parley.adapters.threads import Threads
from parley.domain.articles.article import Content, StoredArticle
from parley.domain.articles.index import Index, IndexEntry, entry_of

KEY = "articles"
PARTS = 16

LEVEL = 9  # of the packing: an article is read far more often than saved
_VERSION = "index#"

_reads = Threads(max_workers=PARTS, thread_name_prefix="article-index")


class Part(Struct, frozen=True):
    """A part of the index as this process has read it, and its version; 0 before its first article was published."""

    version: int = 0
    entries: Sequence[IndexEntry] = ()


class Known(Struct, frozen=True):
    """This process's index, and the versions of its parts."""

    versions: tuple[int, ...] = (0,) * PARTS
    index: Index = Index()


_known = Known()
_parts = [Part()] * PARTS


def current() -> Index:
    """Returns the index of the published articles; one round trip if this process knows it, two if not.

    Three if a part of it has more than 1 MB. A part that cannot be read raises what it raised; the next request reads
    that part alone. Of damaged rows an article's leaves out that article, and a version's the whole part until it is
    mended. The caller does not pay for reading the rows: it serves all who come to this process, and another's change
    has caused it.
    """
    global _known
    found = dict(unreadable.decoded("Tickets", kept.rows_after(KEY, _VERSION, None), _version))
    versions = tuple(found.get(_version_place(part), 0) for part in range(PARTS))
    if versions != _known.versions:
        _known = Known(versions, Context().run(_read, versions))
    return _known.index


def forget() -> None:
    """Clears the in-process memory; tests use it to simulate a new process."""
    global _known, _parts
    _known, _parts = Known(), [Part()] * PARTS


def put_entry(transaction: TransactWrite, article: StoredArticle, content: Content) -> None:
    """Adds to a transaction that a published article is in the index with this content."""
    transaction.save(row_of(entry_of(article, content)))
    _count_on(transaction, article.article_id)


def key_of(article_id: str) -> str:
    """Returns the key of a published article's row."""
    return _key(_part_of(article_id))


def version_key(article_id: str) -> tuple[str, str]:
    """Returns the key of the row with the version of a published article's part."""
    return (KEY, _version_place(_part_of(article_id)))


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
    _count_on(transaction, article_id)


def _count_on(transaction: TransactWrite, article_id: str) -> None:
    transaction.update(tables.Ticket(*version_key(article_id)), actions=[tables.Ticket.index_version.add(1)])


def _read(versions: tuple[int, ...]) -> Index:
    """Returns the index of these versions; raises what a part raises, after all others were read."""
    parts = list(_parts)
    started = {
        number: _reads.submit(partial(_read_part, number, version))
        for number, version in enumerate(versions)
        if parts[number].version != version
    }
    wait(started.values())
    for number, each in started.items():
        parts[number] = each.result()
    return Index(entry for part in parts for entry in part.entries)


def _read_part(number: int, version: int) -> Part:
    # Consistent: a part without the last change, kept under its version, would stay without it.
    rows = tables.Ticket.query(_key(number), consistent_read=True)
    part = _parts[number] = Part(version, tuple(unreadable.decoded("Tickets", rows, _entry)))
    return part


def _part_of(article_id: str) -> int:
    return crc32(article_id.encode()) % PARTS


def _version_place(part: int) -> str:
    return f"{_VERSION}{part}"


def _key(part: int) -> str:
    return f"article-index#{part}"


def _version(row: tables.Ticket) -> tuple[str, int]:
    return row.place, int(row.index_version)


def _entry(row: tables.Ticket) -> IndexEntry:
    state = {name: getattr(row, name, None) for name in IndexEntry.__struct_fields__}
    state |= {"article_id": row.place, "updated_at_ms": int(row.updated_at_ms), "terms": _unpacked(row.terms)}
    return convert(state, type=IndexEntry)


def _unpacked(packed: bytes) -> str:
    try:
        return zlib.decompress(packed).decode()
    except zlib.error as error:
        raise ValueError("these terms cannot be read") from error
