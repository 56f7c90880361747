"""GET /support/articles?category=&language=&state=&cursor=&limit=: articles of the knowledge base, without their texts.

200, 400, 403.
Everybody sees the published ones; agents, and the host's own server, also drafts.
"""

from parley.actions.articles import reading
from parley.domain.api.request import Request
from parley.domain.articles.article import ArticleList
from parley.domain.articles.requests import ListArticles
from parley.triggers.rest import Reply, ok, operation


@operation(query=ListArticles)
def handler(request: Request, query: ListArticles) -> Reply[ArticleList]:
    return ok(reading.list_articles(request, query))
