"""Votes on articles, and how many there were on each day, in a few slots for each so that voters seldom meet."""

from collections.abc import Mapping
from zlib import crc32

import msgspec
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from parley.adapters.articles import articles
from parley.adapters.dynamodb import batches, conditions, tables, unreadable
from parley.domain.articles.article import StoredArticle
from parley.domain.articles.votes import NAMES, StoredVote, added, counts_of

DAYS = "article-days"
SLOTS = 4


def key(article_id: str, user_id: str) -> tuple[str, str]:
    """Returns the key of a person's vote on an article."""
    return (articles.parts_key(article_id), f"vote#{user_id}")


def read_with_article(article_id: str, user_id: str) -> tuple[StoredArticle | None, StoredVote | None]:
    """Returns an article and a person's vote on it; one round trip.

    None without an article; no vote without one, or if it is of a deleted article of the same id.
    """
    rows = batches.read_rows({tables.Ticket: [articles.row_key(article_id), key(article_id, user_id)]})
    article, row = articles.of(rows, article_id), rows.get(tables.Ticket, *key(article_id, user_id))
    vote = None if article is None or row is None else _vote(row)
    return article, vote if article is not None and vote is not None and vote.of_ms == article.created_at_ms else None


def put_vote(article: StoredArticle, user_id: str, before: StoredVote | None, after: StoredVote) -> None:
    """Writes a person's vote, and moves the numbers of the article and of the days, all or nothing; raises LostRace.

    One round trip and eight write units or ten.
    """
    with conditions.transaction() as transaction:
        row = tables.Ticket(
            *key(article.article_id, user_id),
            vote=after.kind,
            day=after.day,
            of_ms=article.created_at_ms,
            has_saved=after.has_saved,
        )
        # A vote on a deleted article of the same id counts nowhere any more: it is as if there were none.
        other = tables.Ticket.key.does_not_exist() | (tables.Ticket.of_ms != article.created_at_ms)
        transaction.save(row, condition=other if before is None else _as_read(before))
        transaction.update(
            tables.Ticket(*articles.row_key(article.article_id)),
            actions=_adding(added(before, after.kind)),
            condition=(tables.Ticket.created_at_ms == article.created_at_ms) & (tables.Ticket.state == "published"),
        )
        for day, amounts in _of_days(before, after).items():
            place = f"{day}#{crc32(user_id.encode()) % SLOTS}"
            transaction.update(tables.Ticket(DAYS, place), actions=_adding(amounts))


def numbers_between(first: str, last: str) -> dict[str, int]:
    """Returns the numbers of the votes from a day to a day; one round trip for each MB, which is decades."""
    rows = tables.Ticket.query(DAYS, tables.Ticket.place.between(first, f"{last}~"))
    total = dict.fromkeys(NAMES, 0)
    for counts in unreadable.decoded("Tickets", rows, _counts):
        for name, count in counts.items():
            total[name] += count
    return total


def _vote(row: tables.Ticket) -> StoredVote:
    state = {"kind": row.vote, "day": row.day, "of_ms": int(row.of_ms), "has_saved": row.has_saved}
    return msgspec.convert(state, type=StoredVote)


def _as_read(before: StoredVote) -> Condition:
    row = tables.Ticket
    is_kind = (row.vote == before.kind) & (row.has_saved == before.has_saved)
    condition: Condition = is_kind & (row.day == before.day) & (row.of_ms == before.of_ms)
    return condition


def _counts(row: tables.Ticket) -> dict[str, int]:
    return {name: int(getattr(row, name) or 0) for name in NAMES}


def _of_days(before: StoredVote | None, after: StoredVote) -> Mapping[str, Mapping[str, int]]:
    """Returns what is added to each day: a vote that is changed later counts on the later day alone."""
    if before is None or before.day == after.day:
        return {after.day: added(before, after.kind)}
    taken = {name: -count for name, count in counts_of(before.kind).items()}
    return {before.day: taken, after.day: counts_of(after.kind)}


def _adding(amounts: Mapping[str, int]) -> list[Action]:
    return [getattr(tables.Ticket, name).add(amount) for name, amount in amounts.items()]
