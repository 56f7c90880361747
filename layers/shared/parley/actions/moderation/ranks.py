"""The rank of a person against a moderator's: nobody acts on themselves, or on a person of their own rank or above."""

from parley.actions.people.profiles import unknown_user
from parley.adapters.people import account_states, moderators
from parley.domain.api.errors import Forbidden
from parley.domain.api.identity import DEFAULT_ROLE, is_reserved
from parley.domain.api.request import Request
from parley.domain.people.profile import Profile


def check_known(request: Request, user_id: str, profile: Profile | None) -> Profile:
    """Returns a person on whom the caller may act; raises NotFound if there is none, Forbidden for their rank."""
    if profile is None:
        raise unknown_user()
    check_rank(request, user_id, profile)
    return profile


def check_rank(request: Request, user_id: str, profile: Profile | None) -> None:
    """Raises Forbidden for a person on whom the caller may not act.

    A person without a profile has not signed in yet, and ranks as any user. The host's programs have no profile
    either, and are in no conversation. A pseudonym is nobody any more.
    """
    if profile is None and is_reserved(user_id):
        return
    check_role(request, user_id, DEFAULT_ROLE if profile is None else profile.role)


def check_role(request: Request, user_id: str, role: str) -> None:
    """Raises Forbidden for a person of this role on whom the caller may not act."""
    if user_id == request.user_id or moderators.rank(role) >= moderators.rank(account_states.role_of(request)):
        detail = "You cannot do this to yourself, nor to a person of your own rank or above."
        raise Forbidden("rank_too_high", detail, rule="service > ModeratorRoles in their order > all other roles")
