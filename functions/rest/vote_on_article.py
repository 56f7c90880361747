"""PUT /support/articles/{article_id}/vote: did this help? One vote a person, which may change. 200, 400, 403, 404, 409.

With `instead_of_ticket`, the person opens no ticket, because the article has helped.
"""

from parley.actions.articles import voting
from parley.domain.api.request import Request
from parley.domain.articles.requests import VoteOnArticle
from parley.domain.articles.votes import Vote
from parley.triggers.rest import Reply, ok, operation


@operation(body=VoteOnArticle)
def handler(request: Request, article_id: str, body: VoteOnArticle) -> Reply[Vote]:
    return ok(voting.vote_on_article(request, article_id, body))
