"""Finding published articles: by words, and for a ticket that is being written."""

from parley.adapters.articles import article_index
from parley.domain.api.request import Request
from parley.domain.articles import finding
from parley.domain.articles.finding import FoundArticles, SuggestedArticles
from parley.domain.articles.requests import SearchArticles, SuggestArticles
from parley.domain.conversations.search import check_query


def search_articles(_request: Request, query: SearchArticles) -> FoundArticles:
    """Returns the published articles that have all words, or words that begin so; the best first, never a draft.

    One round trip if this process knows the index, two or three if not. Raises Invalid for a query without a word.
    """
    check_query(query.q)
    return finding.search(article_index.current(), query)


def suggest_articles(_request: Request, wanted: SuggestArticles) -> SuggestedArticles:
    """Returns the published articles that may help with a ticket as far as it is written; never a draft.

    One round trip if this process knows the index, two or three if not.
    """
    return finding.suggest(article_index.current(), wanted)
