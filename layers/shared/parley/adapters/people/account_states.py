"""When a person was signed out: one small row for each person who was."""

from pynamodb.exceptions import UpdateError

from parley.adapters import limits
from parley.adapters.dynamodb import admission, clients, conditions, tables

MAX_LEEWAY_S = 300  # the maximum of JwtLeewayS (template.yaml)

_State = tables.AccountState


def sign_out(user_id: str, now_s: int) -> None:
    """Ends every sign-in of a person that began before now; one round trip, 1 write unit.

    The row expires once the last of those tokens has ended.
    """
    expires_at_s = now_s + limits.token_lifetime_s() + MAX_LEEWAY_S
    try:
        _State(user_id=user_id).update(
            actions=[_State.signed_out_at_s.set(now_s), _State.expires_at_s.set(expires_at_s)],
            condition=_State.signed_out_at_s.does_not_exist() | (_State.signed_out_at_s < now_s),
        )
    except UpdateError as error:
        if not conditions.failed_condition(error):  # a later sign-out is stored, and includes this one
            raise


def check_again() -> None:
    """Reads the caller's row strongly consistent, 1 unit; raises Unauthenticated if they were signed out."""
    check = admission.current()
    if check is not None:
        check.ask_again(clients.dynamodb.unguarded)
