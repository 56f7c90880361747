"""The news of people since they signed in: a small row for each person who was signed out, or got another role."""

from collections.abc import Callable

from msgspec.structs import replace
from pynamodb.exceptions import UpdateError
from pynamodb.expressions.update import Action

from parley.adapters import limits
from parley.adapters.dynamodb import admission, clients, conditions, tables
from parley.domain.api.errors import Refusal
from parley.domain.api.request import Request
from parley.domain.live.presence import MAX_CONNECTION_S

MAX_LEEWAY_S = 300  # the maximum of JwtLeewayS (template.yaml)
CACHED_S = 330  # API Gateway's cache of the authorizer's answer, and the life of a ticket

_State = tables.AccountState


def sign_out(user_id: str, now_s: int) -> None:
    """Ends every sign-in of a person that began before now; one round trip, 1 write unit.

    The row expires after the last of those tokens has ended.
    """
    try:
        _State(user_id=user_id).update(
            actions=[_State.signed_out_at_s.set(now_s), _State.expires_at_s.set(_expires_at_s(now_s))],
            # Also if there is no row, or an unreadable one.
            condition=~_State.signed_out_at_s.is_type() | (_State.signed_out_at_s < now_s),
        )
    except UpdateError as error:
        if not conditions.failed_condition(error):  # a later sign-out is stored, and includes this one
            raise


def check_again() -> None:
    """Reads the caller's row strongly consistent, 1 unit; raises Unauthenticated if they were signed out."""
    check = admission.current()
    if check is not None:
        check.ask_again(clients.dynamodb.unguarded)


def role_actions(role: str, revision: int, now_s: int) -> list[Action]:
    """Returns the actions that tell each request of a person of the role that the host has put."""
    return [
        _State.role.set(role),
        _State.role_revision.set(revision),
        _State.signed_out_at_s.set(_State.signed_out_at_s | 0),
        _State.expires_at_s.set(_expires_at_s(now_s)),
    ]


def role_of(request: Request) -> str:
    """Returns the caller's role as the host has put it; one round trip if nothing was read before."""
    check = admission.current()
    return request.caller.role if check is None else check.role(clients.dynamodb.unguarded)


def require_role(request: Request, allows: Callable[[str], bool], refusal: Refusal) -> None:
    """Raises `refusal` unless the caller's role is allowed: at once, or from the first read."""
    check = admission.current()
    if check is not None:
        check.require(allows, refusal, clients.dynamodb.unguarded)
    elif not allows(request.caller.role):
        raise refusal


def as_put(request: Request) -> Request:
    """Returns a request whose caller has the role that the host has put."""
    return replace(request, caller=replace(request.caller, role=role_of(request)))


def _expires_at_s(now_s: int) -> int:
    """Returns the time by which every token and socket that is known now has ended."""
    return now_s + max(limits.token_lifetime_s(), MAX_CONNECTION_S + CACHED_S) + MAX_LEEWAY_S
