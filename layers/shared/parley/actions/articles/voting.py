"""Votes on articles: each person has one on each, and may change it."""

from parley.actions.support.roles import is_of_desk
from parley.adapters import metrics
from parley.adapters.articles import votes
from parley.adapters.dynamodb import conditions
from parley.domain.api import ids
from parley.domain.api.errors import Forbidden
from parley.domain.api.identity import SERVICE_ROLE
from parley.domain.api.request import Request
from parley.domain.articles.article import not_found
from parley.domain.articles.requests import VoteOnArticle
from parley.domain.articles.votes import StoredVote, Vote, changed_to, kind_of, not_published
from parley.domain.figures.days import day_of


def vote_on_article(request: Request, article_id: str, wanted: VoteOnArticle) -> Vote:
    """Returns the caller's vote on a published article, in place of the one before; two round trips, one for a repeat.

    Raises NotFound if there is no such article or it is a draft; Conflict for a draft if the caller is an agent. The
    host's own server has no vote.
    """
    if request.caller.role == SERVICE_ROLE:
        raise Forbidden("people_only", "Only people vote.", rule="one vote a person")
    ids.check_article_id(article_id, "{article_id}")
    kind = kind_of(wanted, request.field_prefix)

    def step() -> StoredVote:
        known, before = votes.read_with_article(article_id, request.user_id)
        if known is None or not known.is_published:
            raise not_published() if known is not None and is_of_desk(request) else not_found()
        after = changed_to(before, kind, day_of(request.now_ms), known.created_at_ms)
        if before is None or before.kind != kind:
            votes.put_vote(known, request.user_id, before, after)
            _count(before, after)
        return after

    view = conditions.until_written(step).view
    return Vote(id=article_id, helped=view.helped, instead_of_ticket=view.instead_of_ticket)


def _count(before: StoredVote | None, after: StoredVote) -> None:
    """Counts a saved ticket, once for a person and article; what they take back stays counted in this metric."""
    if after.has_saved and (before is None or not before.has_saved):
        metrics.count("TicketsSaved", 1)
