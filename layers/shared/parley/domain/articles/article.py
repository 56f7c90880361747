"""Articles of the knowledge base: as they are stored, changed and shown. Their text is Markdown, and never rendered."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from parley.domain.api.errors import Conflict, NotFound
from parley.domain.api.fingerprints import hash_of
from parley.domain.api.ids import ARTICLE_ID_PATTERN
from parley.domain.api.times import rfc3339
from parley.domain.api.types import NamedUser
from parley.domain.articles.requests import MAX_VERSION, ArticleState, CreateArticle, PutArticle
from parley.domain.articles.votes import ArticleNumbers, OwnVote

MAX_ARTICLES = 1000
MAX_VERSIONS = 100  # kept of each article
EXCERPT_CHARACTERS = 200


class ArticlePosition(Struct, frozen=True, kw_only=True):
    """The last article of a page."""

    article_id: Annotated[str, Meta(pattern=ARTICLE_ID_PATTERN)]


class VersionPosition(Struct, frozen=True, kw_only=True):
    """The last, and oldest, version of a page."""

    version: Annotated[int, Meta(ge=1, le=MAX_VERSION)]


class Content(Struct, frozen=True, kw_only=True):
    """The content of an article, which each version has."""

    title: str
    text: str
    category: str | None
    language: str
    state: ArticleState

    @property
    def hash(self) -> str:
        """Returns the hash that tells this content from another one."""
        return hash_of(self)


class StoredArticle(Struct, frozen=True, kw_only=True):
    """An article without its text. `authors` are those of the versions that are kept, the oldest first.

    `fingerprint` is that of the request that made it. `created_at_ms` tells it from a deleted one of the same id.
    """

    article_id: str
    title: str
    excerpt: str
    category: str | None
    language: str
    state: ArticleState
    version: int
    content_hash: str
    fingerprint: str
    created_at_ms: int
    created_by: str
    updated_at_ms: int
    authors: tuple[str, ...]
    helped: int = 0
    not_helped: int = 0
    saved: int = 0

    @property
    def is_published(self) -> bool:
        return self.state == "published"

    @property
    def updated_by(self) -> str:
        return self.authors[-1]

    @property
    def oldest_version(self) -> int:
        """Returns the oldest version that is kept."""
        return self.version - len(self.authors) + 1

    @property
    def numbers(self) -> ArticleNumbers:
        return ArticleNumbers(helped=self.helped, not_helped=self.not_helped, saved_tickets=self.saved)

    def author_of(self, version: int) -> str:
        """Returns who wrote a version that is kept."""
        return self.authors[version - self.version - 1]


class StoredVersion(Struct, frozen=True, kw_only=True):
    """One version of an article; its author is in the article's row."""

    version: int
    at_ms: int
    content: Content


class ListedArticle(Struct, frozen=True, kw_only=True):
    """An article in a list, without its text. Only agents and the host's own server see who wrote it."""

    id: str
    title: str
    excerpt: str
    category: str | None
    language: str
    state: ArticleState
    version: int
    created_at: str
    created_by: str | None
    updated_at: str
    updated_by: str | None
    votes: ArticleNumbers


class Article(ListedArticle, frozen=True, kw_only=True):
    """An article with its text, the caller's own vote, and the people whom it names."""

    text: str
    own_vote: OwnVote | None
    users: dict[str, NamedUser]


class ArticleList(Struct, frozen=True, kw_only=True):
    """A page of the articles, by id."""

    articles: list[ListedArticle]
    next: str | None
    users: dict[str, NamedUser]


class ArticleVersion(Struct, frozen=True, kw_only=True):
    """A version of an article, as it was saved."""

    version: int
    title: str
    text: str
    category: str | None
    language: str
    state: ArticleState
    at: str
    by: str


class ArticleVersionList(Struct, frozen=True, kw_only=True):
    """A page of an article's versions, the newest first."""

    versions: list[ArticleVersion]
    next: str | None
    users: dict[str, NamedUser]


class DeletedArticle(Struct, frozen=True, kw_only=True):
    """An article that is no longer there."""

    id: str


def not_found() -> NotFound:
    """Returns the refusal of an article that does not exist, or that the caller may not see."""
    return NotFound("article_not_found", "There is no such article.")


def excerpt_of(text: str) -> str:
    """Returns the beginning of a text in one line, as it was written."""
    return " ".join(text[: 4 * EXCERPT_CHARACTERS].split())[:EXCERPT_CHARACTERS]


def is_of_language(language: str, wanted: str | None) -> bool:
    """Says whether a text has the language that is asked for: `de` finds `de-AT`, too (RFC 4647, basic filtering)."""
    return wanted is None or f"{language.lower()}-".startswith(f"{wanted.lower()}-")


def content_of(wanted: CreateArticle | PutArticle) -> Content:
    """Returns the content of a request."""
    return Content(
        title=wanted.title, text=wanted.text, category=wanted.category, language=wanted.language, state=wanted.state
    )


def new_article(wanted: CreateArticle, article_id: str, author_id: str, now_ms: int) -> StoredArticle:
    """Returns a new article."""
    content = content_of(wanted)
    return StoredArticle(
        article_id=article_id,
        **_fields(content),
        version=1,
        fingerprint=hash_of(wanted),
        created_at_ms=now_ms,
        created_by=author_id,
        updated_at_ms=now_ms,
        authors=(author_id,),
    )


def replaced(known: StoredArticle, wanted: PutArticle, author_id: str, now_ms: int) -> StoredArticle:
    """Returns an article after a PUT: `known` itself if it changes nothing; raises Conflict for a stale version.

    A repeat changes nothing: the version before it, with the content and the author that the article has.
    """
    content = content_of(wanted)
    is_same = content.hash == known.content_hash
    if is_same and (known.version == wanted.version or _is_repeat(known, wanted, author_id)):
        return known
    if known.version != wanted.version:
        raise Conflict(
            "article_changed", "The article has changed meanwhile; read it again.", rule="version: as it was read"
        )
    return replace(
        known,
        **_fields(content),
        version=known.version + 1,
        updated_at_ms=now_ms,
        authors=(*known.authors, author_id)[-MAX_VERSIONS:],
    )


def _is_repeat(known: StoredArticle, wanted: PutArticle, author_id: str) -> bool:
    return known.version == wanted.version + 1 and known.updated_by == author_id


def _fields(content: Content) -> dict[str, Any]:
    return {
        "title": content.title,
        "excerpt": excerpt_of(content.text),
        "category": content.category,
        "language": content.language,
        "state": content.state,
        "content_hash": content.hash,
    }


def view(article: StoredArticle, *, for_desk: bool) -> ListedArticle:
    """Returns an article as the desk sees it, or as everybody else does."""
    return ListedArticle(
        id=article.article_id,
        title=article.title,
        excerpt=article.excerpt,
        category=article.category,
        language=article.language,
        state=article.state,
        version=article.version,
        created_at=rfc3339(article.created_at_ms),
        created_by=article.created_by if for_desk else None,
        updated_at=rfc3339(article.updated_at_ms),
        updated_by=article.updated_by if for_desk else None,
        votes=article.numbers,
    )


def version_view(article: StoredArticle, version: StoredVersion) -> ArticleVersion:
    """Returns a version as the desk sees it."""
    return ArticleVersion(
        version=version.version,
        **msgspec.structs.asdict(version.content),
        at=rfc3339(version.at_ms),
        by=article.author_of(version.version),
    )
