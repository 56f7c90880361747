"""The requests of the routes under /support/articles."""

from typing import Annotated, Literal

from msgspec import Meta

from parley.domain.api.fields import NOT_BLANK
from parley.domain.api.requests import (
    MAX_TEXT_CHARACTERS,
    MAX_TITLE_CHARACTERS,
    Body,
    ClientId,
    Limit,
    Locale,
    Page,
    Title,
)
from parley.domain.support.requests import CategoryName
from parley.domain.text.queries import MAX_QUERY_CHARACTERS

MAX_ARTICLE_CHARACTERS = 20_000  # code points; 80 KB at most, of an item's 400 KB
MAX_VERSION = 10**9
MAX_FOUND = 50  # of a search

ArticleState = Literal["draft", "published"]
Markdown = Annotated[str, Meta(max_length=MAX_ARTICLE_CHARACTERS, pattern=NOT_BLANK)]


class CreateArticle(Body, frozen=True, kw_only=True):
    """POST /support/articles: a new article. A `client_id` makes one only."""

    title: Title
    text: Markdown
    language: Locale
    category: CategoryName | None = None
    state: ArticleState = "draft"
    client_id: ClientId | None = None


class PutArticle(Body, frozen=True, kw_only=True):
    """PUT /support/articles/{article_id}: the whole article; `version` is that of the article as read."""

    version: Annotated[int, Meta(ge=1, le=MAX_VERSION)]
    title: Title
    text: Markdown
    language: Locale
    category: CategoryName | None = None
    state: ArticleState


class ListArticles(Page, frozen=True, kw_only=True):
    """The query of GET /support/articles: of a category, a language or a state, or all that the caller sees."""

    category: CategoryName | None = None
    language: Locale | None = None
    state: ArticleState | None = None


class SearchArticles(Body, frozen=True, kw_only=True):
    """The query of GET /support/articles/search: the words, and of which category and language."""

    q: Annotated[str, Meta(max_length=MAX_QUERY_CHARACTERS, pattern=NOT_BLANK)]
    category: CategoryName | None = None
    language: Locale | None = None
    limit: Annotated[int, Meta(ge=1, le=MAX_FOUND)] = 20


class SuggestArticles(Body, frozen=True, kw_only=True):
    """POST /support/articles/suggest: a ticket as far as it is written; each text may still be empty."""

    subject: Annotated[str, Meta(max_length=MAX_TITLE_CHARACTERS)] = ""
    description: Annotated[str, Meta(max_length=MAX_TEXT_CHARACTERS)] = ""
    language: Locale | None = None


class ListVersions(Page, frozen=True, kw_only=True):
    """The query of GET /support/articles/{article_id}/versions."""

    limit: Limit = 20


class VoteOnArticle(Body, frozen=True, kw_only=True):
    """PUT /support/articles/{article_id}/vote: whether the article helped, and made a ticket needless."""

    helped: bool
    instead_of_ticket: bool = False
