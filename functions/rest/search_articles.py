"""GET /support/articles/search?q=&category=&language=&limit=: published articles that have all words. 200, 400.

The best first: a word in a title counts more, and a word that few articles have.
"""

from parley.actions.articles import finding
from parley.domain.api.request import Request
from parley.domain.articles.finding import FoundArticles
from parley.domain.articles.requests import SearchArticles
from parley.triggers.rest import Reply, ok, operation


@operation(query=SearchArticles)
def handler(request: Request, query: SearchArticles) -> Reply[FoundArticles]:
    return ok(finding.search_articles(request, query))
