"""GET /support/articles/{article_id}: an article with its text. 200, 400, 404.

Everybody reads a published one; agents, and the host's own server, also a draft.
"""

from parley.actions.articles import reading
from parley.domain.api.request import Request
from parley.domain.articles.article import Article
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request, article_id: str) -> Reply[Article]:
    return ok(reading.get_article(request, article_id))
