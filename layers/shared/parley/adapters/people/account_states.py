"""The news of people since they signed in: a small row for each person who was signed out, or got another role."""

from collections.abc import Callable, Sequence
from time import sleep

from msgspec.structs import replace
from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from parley.adapters import limits
from parley.adapters.dynamodb import admission, clients, conditions, tables
from parley.domain.api.errors import Refusal
from parley.domain.api.request import Request
from parley.domain.api.suspension import Suspension
from parley.domain.live.presence import MAX_CONNECTION_S

MAX_LEEWAY_S = 300  # the maximum of JwtLeewayS (template.yaml)
CACHED_S = 330  # API Gateway's cache of the authorizer's answer, and the life of a ticket

Allows = Callable[[str], bool]  # of a role

_State = tables.AccountState


def sign_out(user_id: str, end_s: int) -> None:
    """Ends every sign-in of a person that began before `end_s`; one round trip, 1 write unit.

    The row expires after the last of those tokens has ended. A suspension may need it for longer: then a second round
    trip leaves that time as it is. If neither writes, a later sign-out is stored, which includes this one.
    """
    end, expires_at_s = _State.signed_out_at_s.set(end_s), _expires_at_s(end_s)
    # Also if there is no row, or an unreadable one.
    is_later = ~_State.signed_out_at_s.is_type() | (_State.signed_out_at_s < end_s)
    is_longer = ~_State.expires_at_s.is_type() | (_State.expires_at_s <= expires_at_s)
    if not _update(user_id, [end, _State.expires_at_s.set(expires_at_s)], is_later & is_longer):
        _update(user_id, [end], is_later & (_State.expires_at_s > expires_at_s))


def wait_for_next_second(now_ms: int) -> None:
    """Waits until the second of a request is over, 1 s at most.

    The `iat` of a token is a whole second. So a sign-out ends all tokens of its own second, and answers after it: a
    token that is issued after the answer counts (D-489).
    """
    sleep(1 - now_ms % 1000 / 1000)


def _update(user_id: str, actions: list[Action], condition: Condition) -> bool:
    try:
        _State(user_id=user_id).update(actions=actions, condition=condition)
    except UpdateError as error:
        if conditions.failed_condition(error):
            return False
        raise
    return True


def check_again() -> None:
    """Reads the caller's row strongly consistent, 1 unit; raises Unauthenticated or Suspended as it says."""
    check = admission.current()
    if check is not None:
        check.ask_again(clients.dynamodb.unguarded)


def put_role(transaction: TransactWrite, user_id: str, role: str, revision: int, now_s: int) -> None:
    """Adds to a transaction what tells each request of a person of the role that the host has put.

    One round trip, to learn for how long the row is needed already.
    """
    told = [_State.role.set(role), _State.role_revision.set(revision)]
    change(transaction, user_id, get_state(user_id), told, _expires_at_s(now_s))


def get_state(user_id: str) -> _State | None:
    """Returns a person's row, or None; strongly consistent, one round trip."""
    try:
        return _State.get(user_id, consistent_read=True)
    except _State.DoesNotExist:
        return None


def change(
    transaction: TransactWrite,
    user_id: str,
    read: _State | None,
    actions: Sequence[Action],
    expires_at_s: int,
    unmoved: Condition | None = None,
) -> None:
    """Adds to a transaction a change of a row as it was read; the row lasts until `expires_at_s` at least.

    A row that knows of no sign-out says 0, because version 0.1 reads that of each row.
    """
    known_s = None if read is None else int(read.expires_at_s)
    is_read = _State.user_id.does_not_exist() if known_s is None else _State.expires_at_s == known_s
    kept = [
        _State.signed_out_at_s.set(_State.signed_out_at_s | 0),
        _State.expires_at_s.set(max(expires_at_s, known_s or 0)),
    ]
    transaction.update(
        _State(user_id=user_id), actions=[*actions, *kept], condition=is_read if unmoved is None else is_read & unmoved
    )


def own_suspension() -> Suspension | None:
    """Returns the caller's suspension; no round trip, but the request must have read something before."""
    check = admission.current()
    return None if check is None else check.suspension


def role_of(request: Request) -> str:
    """Returns the caller's role as the host has put it; one round trip if nothing was read before."""
    check = admission.current()
    return request.caller.role if check is None else check.role(clients.dynamodb.unguarded)


def require_role(request: Request, allows: Allows, refusal: Refusal) -> None:
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
