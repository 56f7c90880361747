"""Keeping articles: support admins and the host's own server write them, and take them out."""

import secrets

from msgspec.structs import asdict

from parley.actions import named
from parley.actions.parallel import in_parallel
from parley.actions.support.roles import admin, require_admin
from parley.adapters.articles import articles
from parley.adapters.dynamodb import conditions
from parley.adapters.support import desks
from parley.domain.api import ids
from parley.domain.api.errors import Conflict
from parley.domain.api.fingerprints import check_same
from parley.domain.api.request import Request
from parley.domain.articles import article
from parley.domain.articles.article import MAX_ARTICLES, Article, DeletedArticle, StoredArticle
from parley.domain.articles.requests import CreateArticle, PutArticle
from parley.domain.support.ticket_steps import check_category


def create_article(request: Request, wanted: CreateArticle) -> tuple[Article, bool]:
    """Returns a new article, and whether this call made it: a call with the same `client_id` may have.

    To support admins and the host's own server. Two round trips; also if it is there.
    """
    request = admin(request)
    _check_category(request, wanted.category)
    article_id = ids.article_id(request.user_id, wanted.client_id or secrets.token_hex(16))
    new = article.new_article(wanted, article_id, request.user_id, request.now_ms)

    def step() -> tuple[StoredArticle, bool]:
        known, count = articles.read_with_count(article_id)
        if known is not None:
            return check_same(known, new, "article", request.field_prefix), False
        if count >= MAX_ARTICLES:
            raise Conflict("too_many_articles", f"There can be {MAX_ARTICLES} articles.", rule="articles")
        articles.put_new(new, article.content_of(wanted))
        return new, True

    made, is_new = conditions.until_written(step)
    return _answer(request, made, wanted.text) if is_new else _answer_as_kept(request, made), is_new


def put_article(request: Request, article_id: str, wanted: PutArticle) -> Article:
    """Replaces an article, to support admins and the host's own server; two round trips.

    A repeat answers the same, and so does a request that changes nothing. Raises Conflict if another has replaced the
    version meanwhile, NotFound if there is no such article.
    """
    request = admin(request)
    ids.check_article_id(article_id, "{article_id}")
    _check_category(request, wanted.category)

    def step() -> StoredArticle:
        known = articles.get_article(article_id)
        if known is None:
            raise article.not_found()
        after = article.replaced(known, wanted, request.user_id, request.now_ms)
        if after is not known:
            articles.replace(known, after, article.content_of(wanted))
        return after

    return _answer(request, conditions.until_written(step), wanted.text)


def delete_article(request: Request, article_id: str) -> DeletedArticle:
    """Deletes an article, to support admins and the host's own server; two round trips, one if it is not there.

    Its versions and votes go in the next minutes (`remains.py`).
    """
    require_admin(request)
    ids.check_article_id(article_id, "{article_id}")

    def step() -> None:
        known = articles.get_article(article_id)
        if known is not None:
            articles.delete(known)

    conditions.until_written(step)
    return DeletedArticle(id=article_id)


def _check_category(request: Request, category: str | None) -> None:
    """Raises Invalid for a category that the desk does not have."""
    if category is not None:
        check_category(category, desks.current(), f"{request.field_prefix}/category")


def _answer_as_kept(request: Request, known: StoredArticle) -> Article:
    """Returns an article that was made before, as it is now; one round trip."""
    version, users = in_parallel(
        lambda: articles.newest_version(known.article_id),
        lambda: named.users(request, [known.created_by, known.updated_by]),
    )
    text = "" if version is None else version.content.text
    return Article(**asdict(article.view(known, for_desk=True)), text=text, own_vote=None, users=users)


def _answer(request: Request, kept: StoredArticle, text: str) -> Article:
    """Returns an article with its text; one round trip if it names others."""
    users = named.users(request, [kept.created_by, kept.updated_by])
    return Article(**asdict(article.view(kept, for_desk=True)), text=text, own_vote=None, users=users)
