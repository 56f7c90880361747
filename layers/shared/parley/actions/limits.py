"""Rate limits of one person: a token is taken before anything is written, and the answer says how many are left.

A person has a bucket in each conversation, in its head, which is written anyway, and their own bucket in a row. A
person who moves to another conversation takes a token from their own bucket, as far as this process knows. The bucket
of a conversation limits a person who stays in it. So the limits need no extra write for each message. At most twice the
rate gets through, if a person goes back and forth between conversations and processes.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

import msgspec
from msgspec import Struct

from parley.actions.parallel import in_parallel
from parley.adapters import limits
from parley.adapters.conversations import conversations
from parley.adapters.dynamodb import metering, rate_buckets
from parley.domain.api.errors import Conflict
from parley.domain.api.limits import (
    COST,
    LIVE,
    Rate,
    Taking,
    cost_rate,
    live_rate,
    send_rate,
    settle,
    slow_mode_rate,
    take,
    tokens_for,
)
from parley.domain.api.request import Request
from parley.domain.conversations.head import Head, Membership
from parley.domain.conversations.rights import ADMINS
from parley.domain.conversations.steps import Step, Token, Turn

MAX_REMEMBERED = 4096
UNITS_TO_BEGIN = 2000  # of an adding: of the 10,000 cost units of a full bucket (`CostUnitBurst`), so five begin
UNITS_A_PERSON = 4  # of an adding: profile, erasure, block and membership, each a read unit
MAX_TIDIED = 10  # full buckets of others that one step removes at most, so that it stays small

Read = TypeVar("Read")

_last: OrderedDict[str, str] = OrderedDict()  # by person, the last conversation in which this process saw them write


class Asked(Struct, frozen=True, kw_only=True):
    """The result of the caller's own bucket for a step. `counted` requires it, so no step bypasses the bucket.

    `taking` is None if the bucket need not be asked. The conversation's bucket gives as many `tokens`.
    """

    taking: Taking | None = None
    tokens: int = 1


def take_own(request: Request, text: str = "", attachments: int = 0) -> Asked:
    """Takes tokens for a message from the caller's own bucket, which counts all that they do; raises TooMany.

    One round trip; two if the bucket is not full. The host's own programs are not limited.
    """
    tokens = tokens_for(text, _rate(), attachments)
    if request.is_limited:
        _settle_own(request, _own_tokens(request, tokens), tokens)
    return Asked(tokens=tokens)


def take_live(request: Request) -> None:
    """Takes a token for one of many changes of a request from the bucket of what others see at once; raises TooMany.

    One round trip; two if the bucket is not full.
    """
    if request.is_limited:
        rate, row_key = live_rate(limits.current()), rate_buckets.key(request.user_id, LIVE)
        settle(request, rate, rate_buckets.take(row_key, rate, request.now_ms))


def own_beside(
    request: Request,
    conversation_id: str,
    read: Callable[[], Read],
    *,
    text: str = "",
    attachments: int = 0,
    always: bool = False,
) -> tuple[Read, Asked]:
    """Returns the result of `read`; meanwhile takes tokens for a message from the caller's own bucket if they move on.

    With `always`, it takes them in any case. `counted` refuses later, with the returned `Asked`.
    """
    tokens = tokens_for(text, _rate(), attachments)
    last = _last.get(request.user_id)
    if request.is_limited and (always or last not in (None, conversation_id)):
        found, taking = in_parallel(read, lambda: _own_tokens(request, tokens))
        return found, Asked(taking=taking, tokens=tokens)
    return read(), Asked(tokens=tokens)


def _move_on(request: Request, conversation_id: str, asked: Asked) -> None:
    """Remembers this conversation as the caller's last one; raises TooMany if their own bucket was empty."""
    if not request.is_limited:
        return
    if asked.taking is not None:
        _settle_own(request, asked.taking, asked.tokens)
    # Only now: a refused caller needs a token again.
    _last.pop(request.user_id, None)
    _last[request.user_id] = conversation_id
    if len(_last) > MAX_REMEMBERED:
        _last.popitem(last=False)


def tell(request: Request, head: Head) -> None:
    """Adds to the answer what the caller's bucket in a conversation holds."""
    if request.is_limited:
        rate = _rate()
        request.note(rate.standing((head.rates or {}).get(request.user_id), request.now_ms))


def counted(request: Request, step: Step, asked: Asked) -> Step:
    """Returns a step with its tokens from the caller's bucket in that conversation.

    Raises TooMany if that bucket, or the caller's own, does not hold enough.
    """
    _move_on(request, step.before.conversation_id, asked)
    if not request.is_limited:
        return step
    buckets = step.before.rates or {}
    before_ms = buckets.get(request.user_id)
    rate = _rate()
    after_ms = settle(request, rate, take(before_ms, rate, request.now_ms, asked.tokens), asked.tokens)
    metering.note_token()
    full = [user_id for user_id, tat_ms in buckets.items() if tat_ms <= request.now_ms and user_id != request.user_id]
    token = Token(
        user_id=request.user_id,
        before_ms=before_ms,
        after_ms=after_ms,
        full={user_id: buckets[user_id] for user_id in full[:MAX_TIDIED]},
    )
    return msgspec.structs.replace(step, token=token)


def in_turn(request: Request, step: Step, mine: Membership | None) -> Step:
    """Returns a step with the caller's turn, if slow mode is on; raises TooMany before the turn has come."""
    head = step.before
    if not head.slow_mode_s or mine is None or head.role_of(request.user_id) in ADMINS or not request.is_limited:
        return step
    rate = slow_mode_rate(head.slow_mode_s, limits.current())
    next_ms = None if mine.sent_ms is None else mine.sent_ms + rate.interval_ms
    settle(request, rate, take(next_ms, rate, request.now_ms))
    return step.with_members(turn=Turn(user_id=request.user_id, before_ms=mine.sent_ms, at_ms=request.now_ms))


def take_for_adding(request: Request) -> None:
    """Takes a part of the caller's cost units for the adding of everyone that begins; raises TooMany.

    So only a few can be begun at once. One round trip; two if the bucket is not full.
    """
    if request.is_limited:
        rate = cost_rate(limits.current())
        units = min(rate.burst, UNITS_TO_BEGIN)
        settle(request, rate, rate_buckets.take(_cost_key(request), rate, request.now_ms, units), units)


def charge_for_adding(request: Request, people: int) -> None:
    """Charges the caller's cost units for the people whom a part of an adding has looked at; one round trip."""
    if request.is_limited and people:
        rate, units = cost_rate(limits.current()), people * UNITS_A_PERSON
        rate_buckets.charge(_cost_key(request), rate, request.now_ms, units, is_in_use=True)


def _cost_key(request: Request) -> str:
    return rate_buckets.key(request.user_id, COST)


def check_groups(request: Request) -> None:
    """Raises Conflict if the caller is in too many groups to create one; one round trip."""
    most = limits.current().groups
    if request.is_limited and conversations.count_groups(request.user_id, most) >= most:
        raise Conflict(
            "too_many_groups", f"You are in {most} groups; leave one before you create another.", rule="groups"
        )


def forget() -> None:
    """Clears the in-process memory; tests use it to simulate a new process."""
    _last.clear()


def _own_tokens(request: Request, tokens: int) -> Taking:
    return rate_buckets.take(request.user_id, _rate(), request.now_ms, tokens)


def _settle_own(request: Request, taking: Taking, tokens: int) -> None:
    settle(request, _rate(), taking, tokens)
    metering.note_token()


def _rate() -> Rate:
    return send_rate(limits.current())
