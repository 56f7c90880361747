"""PUT /support/articles/{article_id}: replace an article, publish it, or take it back. 200, 400, 403, 404, 409.

Support admins may, and the host's own server.
"""

from parley.actions.articles import keeping
from parley.domain.api.request import Request
from parley.domain.articles.article import Article
from parley.domain.articles.requests import PutArticle
from parley.triggers.rest import Reply, ok, operation


@operation(body=PutArticle)
def handler(request: Request, article_id: str, body: PutArticle) -> Reply[Article]:
    return ok(keeping.put_article(request, article_id, body))
