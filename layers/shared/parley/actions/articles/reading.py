"""Reading articles: everybody reads the published ones, agents and the host's own server also drafts and versions."""

from collections.abc import Iterable
from itertools import chain, islice

from msgspec.structs import asdict

from parley.actions import named
from parley.actions.parallel import in_parallel
from parley.actions.support.roles import is_of_desk, require_agent, works_for_desk
from parley.adapters.articles import articles, votes
from parley.adapters.dynamodb import conditions, retrying
from parley.adapters.people import account_states
from parley.domain.api import cursors, ids
from parley.domain.api.errors import Field, Forbidden
from parley.domain.api.request import Request
from parley.domain.articles import article
from parley.domain.articles.article import (
    Article,
    ArticleList,
    ArticlePosition,
    ArticleVersionList,
    StoredArticle,
    VersionPosition,
)
from parley.domain.articles.requests import ListArticles, ListVersions
from parley.domain.conversations.history import Room


def list_articles(request: Request, query: ListArticles) -> ArticleList:
    """Returns a page of the articles by id, without their texts; drafts to agents and the host's own server alone.

    One round trip for each MB of articles, which is one as a rule, and one for the names of authors. Raises Forbidden
    if others ask for drafts.
    """
    if query.state == "draft":
        refusal = Forbidden(
            "agents_only", "Only agents may do this.", rule="AgentRoles", fields=(Field("?state", "not_allowed"),)
        )
        account_states.require_role(request, works_for_desk, refusal)
    after = cursors.decode(query.cursor, ArticlePosition)
    found = articles.articles_after(None if after is None else after.article_id)
    # The first row asks the caller in; only then is their role known without a round trip of its own.
    first = list(islice(found, 1))
    for_desk = is_of_desk(request)
    chosen = (each for each in chain(first, found) if _is_wanted(each, query, for_desk=for_desk))
    page = list(islice(chosen, query.limit + 1))
    shown = page[: query.limit]
    return ArticleList(
        articles=[article.view(each, for_desk=for_desk) for each in shown],
        next=cursors.encode(ArticlePosition(article_id=shown[-1].article_id)) if len(page) > len(shown) else None,
        users=named.users(request, _authors(shown)) if for_desk else {},
    )


def _is_wanted(each: StoredArticle, query: ListArticles, *, for_desk: bool) -> bool:
    return (
        (for_desk or each.is_published)
        and query.state in (None, each.state)
        and query.category in (None, each.category)
        and article.is_of_language(each.language, query.language)
    )


def get_article(request: Request, article_id: str) -> Article:
    """Returns an article with its text and the caller's own vote; one round trip, two with the names of its authors.

    Raises NotFound also for a draft, unless the caller is an agent or the host's own server.
    """
    ids.check_article_id(article_id, "{article_id}")
    for _ in conditions.tries():
        (known, vote), newest = in_parallel(
            lambda: votes.read_with_article(article_id, request.user_id), lambda: articles.newest_version(article_id)
        )
        for_desk = is_of_desk(request)
        if known is None or not (known.is_published or for_desk):
            raise article.not_found()
        if newest is None or newest.version != known.version or newest.at_ms != known.updated_at_ms:
            continue  # another has replaced it between the two reads
        return Article(
            **asdict(article.view(known, for_desk=for_desk)),
            text=newest.content.text,
            own_vote=None if vote is None else vote.view,
            users=named.users(request, _authors([known])) if for_desk else {},
        )
    raise retrying.busy()


def list_article_versions(request: Request, article_id: str, query: ListVersions) -> ArticleVersionList:
    """Returns a page of an article's versions with their texts, the newest first, to agents and the host's own server.

    Three round trips, and one more for each MB of texts. Raises NotFound if there is no such article.
    """
    require_agent(request)
    ids.check_article_id(article_id, "{article_id}")
    before = cursors.decode(query.cursor, VersionPosition)
    known = articles.get_article(article_id)
    if known is None:
        raise article.not_found()
    found = articles.list_versions(known, None if before is None else before.version, query.limit)
    shown = list(Room().fitting(article.version_view(known, each) for each in islice(found, query.limit)))
    has_more = bool(shown) and shown[-1].version > known.oldest_version
    return ArticleVersionList(
        versions=shown,
        next=cursors.encode(VersionPosition(version=shown[-1].version)) if has_more else None,
        users=named.users(request, (each.by for each in shown)),
    )


def _authors(found: Iterable[StoredArticle]) -> list[str]:
    return [user_id for each in found for user_id in (each.created_by, each.updated_by)]
