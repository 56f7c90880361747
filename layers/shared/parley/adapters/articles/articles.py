"""The articles of the knowledge base, in the table of tickets (D-930).

By key and place:

    articles           article#<id>              an article without its text
    articles           count                     how many there are
    articles           index#<n>                 how often a part of the index has changed
    article#<id>       version#<made>#<number>   a version, with its text; <made> is when the article was made
    article#<id>       vote#<person>             a person's vote (`votes.py`)
    article-index#<n>  <id>                      what finds a published article (`article_index.py`)
    article-days       <day>#<slot>              votes of a day (`votes.py`)
    article-remains    <id>#<made>               a deleted article of which parts are left (`remains.py`)
"""

from collections.abc import Iterator
from typing import Any

import msgspec
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from parley.adapters.articles import article_index
from parley.adapters.dynamodb import batches, conditions, tables, unreadable
from parley.adapters.dynamodb.batches import Rows
from parley.adapters.support import kept
from parley.domain.articles.article import MAX_ARTICLES, MAX_VERSIONS, Content, StoredArticle, StoredVersion

KEY = "articles"
COUNT = (KEY, "count")
REMAINS = "article-remains"
_ARTICLE = "article#"
_EMPTY = tables.Ticket.key.does_not_exist()
_NUMBERS = ("version", "created_at_ms", "updated_at_ms")
_VOTES = ("helped", "not_helped", "saved")


def row_key(article_id: str) -> tuple[str, str]:
    """Returns the key of an article's row."""
    return (KEY, f"{_ARTICLE}{article_id}")


def parts_key(article_id: str) -> str:
    """Returns the key of an article's versions and votes."""
    return f"article#{article_id}"


def of(rows: Rows, article_id: str) -> StoredArticle | None:
    """Returns an article from rows that were read, or None."""
    row = rows.get(tables.Ticket, *row_key(article_id))
    return None if row is None else _article(row)


def read_with_count(article_id: str) -> tuple[StoredArticle | None, int]:
    """Returns an article, and how many there are; one round trip."""
    rows = batches.read_rows({tables.Ticket: [row_key(article_id), COUNT]})
    count = rows.get(tables.Ticket, *COUNT)
    return of(rows, article_id), 0 if count is None else int(count.article_count)


def get_article(article_id: str) -> StoredArticle | None:
    """Returns an article, or None; one round trip."""
    return of(batches.read_rows({tables.Ticket: [row_key(article_id)]}), article_id)


def articles_after(after_id: str | None) -> Iterator[StoredArticle]:
    """Yields the articles by id, after `after_id`, without unreadable ones; one round trip for each MB.

    1,000 articles are less than one MB, as a rule.
    """
    return unreadable.decoded("Tickets", kept.rows_after(KEY, _ARTICLE, after_id), _article)


def list_articles(after_id: str | None, limit: int) -> list[StoredArticle]:
    """Returns up to `limit` articles by id, after `after_id`, without unreadable ones; one round trip."""
    return unreadable.first("Tickets", kept.rows_after(KEY, _ARTICLE, after_id, limit), _article, limit)


def newest_version(article_id: str) -> StoredVersion | None:
    """Returns the newest version that is there, or None; one round trip."""
    found = tables.Ticket.query(
        parts_key(article_id),
        tables.Ticket.place.between("version#", "version$"),
        consistent_read=True,
        scan_index_forward=False,
        limit=1,
    )
    return next((_version(row) for row in found), None)


def list_versions(article: StoredArticle, before: int | None, limit: int) -> Iterator[StoredVersion]:
    """Yields the versions of an article that are kept, the newest first, before a version; a round trip for each MB."""
    newest = article.version if before is None else min(article.version, before - 1)
    if newest < article.oldest_version:
        return iter(())
    found = tables.Ticket.query(
        parts_key(article.article_id),
        tables.Ticket.place.between(_version_place(article, article.oldest_version), _version_place(article, newest)),
        consistent_read=True,
        scan_index_forward=False,
        page_size=limit,
    )
    return unreadable.decoded("Tickets", found, _version)


def put_new(new: StoredArticle, content: Content) -> None:
    """Writes a new article and the count, all or nothing; raises LostRace, also at the bound. One round trip."""
    with conditions.transaction() as transaction:
        transaction.save(tables.Ticket(*row_key(new.article_id), **_state(new)), condition=_EMPTY)
        _put_version(transaction, new, content)
        kept.count_in(transaction, COUNT, tables.Ticket.article_count, MAX_ARTICLES)
        if new.is_published:
            article_index.put_entry(transaction, new, content)


def replace(before: StoredArticle, after: StoredArticle, content: Content) -> None:
    """Writes a changed article with its new version, all or nothing; raises LostRace. One round trip.

    The oldest version goes if there are too many. Votes may come in between: they are left as they are.
    """
    changed = {name: value for name, value in _state(after).items() if name not in _VOTES}
    with conditions.transaction() as transaction:
        transaction.update(
            tables.Ticket(*row_key(before.article_id)),
            actions=tables.setting(tables.Ticket, changed),
            condition=_as_read(before),
        )
        _put_version(transaction, after, content)
        if after.version > MAX_VERSIONS:
            oldest = _version_place(after, after.version - MAX_VERSIONS)
            transaction.delete(tables.Ticket(parts_key(after.article_id), oldest))
        if after.is_published:
            article_index.put_entry(transaction, after, content)
        elif before.is_published:
            article_index.remove_entry(transaction, before.article_id)


def delete(known: StoredArticle) -> None:
    """Deletes an article, all or nothing; raises LostRace. One round trip. Its versions and votes go later."""
    with conditions.transaction() as transaction:
        transaction.delete(tables.Ticket(*row_key(known.article_id)), condition=_as_read(known))
        kept.count_out(transaction, COUNT, tables.Ticket.article_count)
        place = f"{known.article_id}#{known.created_at_ms:015d}"
        transaction.save(tables.Ticket(REMAINS, place, created_at_ms=known.created_at_ms))
        if known.is_published:
            article_index.remove_entry(transaction, known.article_id)


def rename_authors(transaction: TransactWrite, read: StoredArticle, user_id: str, pseudonym: str) -> None:
    """Adds to a transaction that a pseudonym takes a person's place in an article; fails if it was changed meanwhile.

    The versions hold no author, so no row of theirs changes.
    """
    changed = {
        "created_by": pseudonym if read.created_by == user_id else read.created_by,
        "authors": [pseudonym if author == user_id else author for author in read.authors],
    }
    transaction.update(
        tables.Ticket(*row_key(read.article_id)),
        actions=tables.setting(tables.Ticket, changed),
        condition=_as_read(read),
    )


def _as_read(read: StoredArticle) -> Condition:
    """Returns the condition that an article is the one that was read, in the same version."""
    row = tables.Ticket
    condition: Condition = (row.version == read.version) & (row.created_at_ms == read.created_at_ms)
    return condition


def _put_version(transaction: TransactWrite, article: StoredArticle, content: Content) -> None:
    place = _version_place(article, article.version)
    fields = msgspec.structs.asdict(content)
    row = tables.Ticket(
        parts_key(article.article_id), place, version=article.version, updated_at_ms=article.updated_at_ms, **fields
    )
    transaction.save(row)


def _version_place(article: StoredArticle, version: int) -> str:
    return f"version#{article.created_at_ms:015d}#{version:010d}"


def _state(article: StoredArticle) -> dict[str, Any]:
    state = msgspec.structs.asdict(article) | {"authors": list(article.authors)}
    state.pop("article_id")
    return state


def _article(row: tables.Ticket) -> StoredArticle:
    state: dict[str, Any] = {name: getattr(row, name, None) for name in StoredArticle.__struct_fields__}
    state |= {name: int(state[name]) for name in _NUMBERS}
    state |= {name: int(state[name] or 0) for name in _VOTES}
    return msgspec.convert(state | {"article_id": row.place.removeprefix(_ARTICLE)}, type=StoredArticle)


def _version(row: tables.Ticket) -> StoredVersion:
    content = {name: getattr(row, name, None) for name in Content.__struct_fields__}
    return StoredVersion(
        version=int(row.version), at_ms=int(row.updated_at_ms), content=msgspec.convert(content, type=Content)
    )
