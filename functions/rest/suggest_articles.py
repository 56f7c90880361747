"""POST /support/articles/suggest: published articles that may help, while a ticket is being written. 200, 400.

Up to five, the best first; none if no article fits.
"""

from parley.actions.articles import finding
from parley.domain.api.request import Request
from parley.domain.articles.finding import SuggestedArticles
from parley.domain.articles.requests import SuggestArticles
from parley.triggers.rest import Reply, ok, operation


@operation(body=SuggestArticles)
def handler(request: Request, body: SuggestArticles) -> Reply[SuggestedArticles]:
    return ok(finding.suggest_articles(request, body))
