"""DELETE /support/articles/{article_id}: delete an article, also one that is not there. 200, 400, 403.

Support admins may, and the host's own server.
"""

from parley.actions.articles import keeping
from parley.domain.api.request import Request
from parley.domain.articles.article import DeletedArticle
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request, article_id: str) -> Reply[DeletedArticle]:
    return ok(keeping.delete_article(request, article_id))
