"""Ranks: a moderator acts against nobody of their own rank or above, nor against themselves."""

from parley.actions.people.profiles import unknown_user
from parley.adapters.people import account_states, moderators
from parley.domain.api.errors import Forbidden
from parley.domain.api.request import Request
from parley.domain.people.profile import Profile


def check_rank(request: Request, user_id: str, profile: Profile | None) -> Profile:
    """Returns a person against whom the caller may act; raises NotFound, or Forbidden."""
    if profile is None:
        raise unknown_user()
    if user_id == request.user_id or moderators.rank(profile.role) >= moderators.rank(account_states.role_of(request)):
        detail = "You cannot do this to yourself, nor to a person of your own rank or above."
        raise Forbidden("rank_too_high", detail, rule="service > ModeratorRoles in their order > all other roles")
    return profile
