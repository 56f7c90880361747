"""POST /support/articles: write a new article. 201, 200 (it was there), 400, 403, 409, 422.

Support admins may, and the host's own server.
"""

from parley.actions.articles import keeping
from parley.domain.api.request import Request
from parley.domain.articles.article import Article
from parley.domain.articles.requests import CreateArticle
from parley.triggers.rest import Reply, created, operation


@operation(body=CreateArticle)
def handler(request: Request, body: CreateArticle) -> Reply[Article]:
    article, new = keeping.create_article(request, body)
    return created(article, new=new)
