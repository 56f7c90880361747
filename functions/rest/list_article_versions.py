"""GET /support/articles/{article_id}/versions?cursor=&limit=: an article as it was saved, the newest version first.

200, 400, 403, 404.
Agents may, and the host's own server.
"""

from parley.actions.articles import reading
from parley.domain.api.request import Request
from parley.domain.articles.article import ArticleVersionList
from parley.domain.articles.requests import ListVersions
from parley.triggers.rest import Reply, ok, operation


@operation(query=ListVersions)
def handler(request: Request, article_id: str, query: ListVersions) -> Reply[ArticleVersionList]:
    return ok(reading.list_article_versions(request, article_id, query))
