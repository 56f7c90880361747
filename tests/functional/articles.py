"""Articles of the knowledge base for tests, and those who keep them."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from msgspec.structs import replace

from parley.domain.api import ids
from parley.domain.articles.article import Content, excerpt_of
from parley.domain.articles.index import IndexEntry, terms_of
from tests.harness import Frame, Parley, Reply, User

PATH = "/support/articles"
TEXT = "Open **My bookings** and choose *Cancel*. We give the money back within five days."


def admin(parley: Parley, user_id: str = "ada") -> User:
    """Returns a support admin."""
    return parley.user(user_id, role="support_admin")


def write(author: User, **fields: object) -> Reply:
    """Writes an article."""
    body = {"title": "Cancel a booking", "text": TEXT, "language": "en", "state": "published", **fields}
    return author.post(PATH, json=body)


def written(author: User, **fields: object) -> Frame:
    """Returns a new article."""
    reply = write(author, **fields)
    assert reply.status == 201, reply
    return dict(reply.json)


def put(author: User, article: Frame, **fields: object) -> Reply:
    """Saves an article that was read, with some fields changed."""
    kept = {name: article[name] for name in ("version", "title", "text", "language", "category", "state")}
    return author.put(f"{PATH}/{article['id']}", json=kept | fields)


def saved(author: User, article: Frame, **fields: object) -> Frame:
    """Returns an article after it was saved."""
    reply = put(author, article, **fields)
    assert reply.status == 200, reply
    return dict(reply.json)


def read(reader: User, article_id: str) -> Reply:
    """Reads an article."""
    return reader.get(f"{PATH}/{article_id}")


def listed(reader: User, query: str = "") -> list[Frame]:
    """Returns the articles of the first page."""
    reply = reader.get(f"{PATH}{query}")
    assert reply.status == 200, reply
    return list(reply.json["articles"])


def find(reader: User, q: str, more: str = "") -> Reply:
    """Searches the articles."""
    return reader.get(f"{PATH}/search?q={q}{more}")


def found(reader: User, q: str, more: str = "") -> list[str]:
    """Returns the ids of the results of a search."""
    reply = find(reader, q, more)
    assert reply.status == 200, reply
    assert reply.json["total"] >= len(reply.json["results"])
    return [each["id"] for each in reply.json["results"]]


def suggested(reader: User, subject: str = "", description: str = "", **fields: object) -> list[str]:
    """Returns the ids of the articles that are suggested for a ticket."""
    reply = reader.post(f"{PATH}/suggest", json={"subject": subject, "description": description, **fields})
    assert reply.status == 200, reply
    return [each["id"] for each in reply.json["suggestions"]]


def vote(voter: User, article_id: str, helped: bool = True, **fields: object) -> Reply:
    """Votes on an article."""
    return voter.put(f"{PATH}/{article_id}/vote", json={"helped": helped, **fields})


def votes(reader: User, article_id: str) -> tuple[int, int, int]:
    """Returns how many people an article has helped, how many not, and how many tickets it has saved."""
    numbers = read(reader, article_id).json["votes"]
    return numbers["helped"], numbers["not_helped"], numbers["saved_tickets"]


def rows(parley: Parley, key: str) -> list[dict[str, Any]]:
    """Returns the rows of a key of the table of tickets."""
    found = parley.store.client("dynamodb").query(
        TableName=parley.template.resources["Tickets"].ref,
        KeyConditionExpression="#key = :key",
        ExpressionAttributeNames={"#key": "key"},
        ExpressionAttributeValues={":key": {"S": key}},
        ConsistentRead=True,
    )
    return list(found["Items"])


def index_rows(parley: Parley) -> list[dict[str, Any]]:
    """Returns the rows of the index of published articles."""
    return [row for part in range(16) for row in rows(parley, f"article-index#{part}")]


def meanwhile(monkeypatch: pytest.MonkeyPatch, name: str, act: Callable[[], object]) -> None:
    """Lets something happen once before a call of a function of `adapters/articles`."""
    module, function = name.split(".")
    target = import_module(f"parley.adapters.articles.{module}")
    real, waiting = getattr(target, function), [act]

    def called(*arguments: Any) -> Any:
        if waiting:
            waiting.pop()()
        return real(*arguments)

    monkeypatch.setattr(target, function, called)


def seed(content: Content, count: int) -> None:
    """Writes published articles of one text straight into the index, without rows of their own."""
    from parley.adapters.articles import article_index  # the names of the tables are known by now
    from parley.adapters.dynamodb import batches, tables

    entry = IndexEntry(
        article_id="",
        title=content.title,
        excerpt=excerpt_of(content.text),
        category=content.category,
        language=content.language,
        updated_at_ms=1,
        terms=terms_of(content),
    )
    made = [
        article_index.row_of(replace(entry, article_id=ids.article_id("seed", str(number)), title=f"Article {number}"))
        for number in range(count)
    ]
    versions = {article_index.version_key(row.place) for row in made}
    batches.write_rows([*made, *(tables.Ticket(*key, index_version=1) for key in versions)])
