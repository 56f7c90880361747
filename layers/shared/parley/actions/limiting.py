"""What one person may do in a time: a token is taken before anything is written, and the answer tells what is left.

A person has a bucket in each conversation, in its head, which is written anyway; and one of their own, in a row of its
own. A token of the latter is taken by whoever moves on to another conversation, as far as this very process knows. Who
goes on in one conversation is held by that one's bucket, so all together are held without a write for each message: at
most twice the rate gets through, where a person goes back and forth between conversations and processes.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

import msgspec

from parley.actions import together
from parley.actions.profiles import SERVICE
from parley.adapters import conversations, limits, rates
from parley.domain.call import Call
from parley.domain.errors import Conflict
from parley.domain.limits import Rate, Taking, send_rate, settle, slow_mode_rate, take
from parley.domain.rights import ADMINS
from parley.domain.steps import Step, Token, Turn
from parley.domain.stored import Head, Membership

MAX_REMEMBERED = 4096
MAX_TIDIED = 10  # buckets of others that one step may forget, so that it stays small

Read = TypeVar("Read")

_last: OrderedDict[str, str] = OrderedDict()  # by person, the conversation in which this process saw them write last


def take_own(call: Call) -> None:
    """Takes a token out of the caller's own bucket, which counts whatever they do anywhere; raises TooMany.

    One round trip, two in a hurry. The host's own programs are not limited.
    """
    if _is_limited(call):
        _settle_own(call, _own_token(call))


def take_own_beside(
    call: Call, conversation_id: str, read: Callable[[], Read], *, always: bool = False
) -> tuple[Read, Taking | None]:
    """Returns what `read` reads, and beside it takes a token out of the caller's own bucket where they move on.

    With `always` whether they do or not. What came of it is for `move_on`.
    """
    last = _last.get(call.user_id)
    if _is_limited(call) and (always or last not in (None, conversation_id)):
        return together.both(read, lambda: _own_token(call))
    return read(), None


def move_on(call: Call, conversation_id: str, taking: Taking | None) -> None:
    """Lets the caller go on in this conversation from now on; raises TooMany where they would have needed a token."""
    if taking is not None:
        _settle_own(call, taking)
    # Only now: whoever was refused is asked for a token again.
    _last.pop(call.user_id, None)
    _last[call.user_id] = conversation_id
    if len(_last) > MAX_REMEMBERED:
        _last.popitem(last=False)


def tell(call: Call, head: Head) -> None:
    """Lets the answer tell what the caller's bucket in a conversation holds."""
    if _is_limited(call):
        rate = _rate()
        call.note(rate.standing((head.rates or {}).get(call.user_id), call.now_ms))


def counted(call: Call, step: Step) -> Step:
    """Returns a step with a token for it, out of the caller's bucket in that conversation; raises TooMany."""
    if not _is_limited(call):
        return step
    buckets = step.before.rates or {}
    before_ms = buckets.get(call.user_id)
    rate = _rate()
    after_ms = settle(call, rate, take(before_ms, rate, call.now_ms))
    full = [one for one, tat_ms in buckets.items() if tat_ms <= call.now_ms and one != call.user_id]
    token = Token(
        user_id=call.user_id,
        before_ms=before_ms,
        after_ms=after_ms,
        full={one: buckets[one] for one in full[:MAX_TIDIED]},
    )
    return msgspec.structs.replace(step, token=token)


def in_turn(call: Call, step: Step, mine: Membership | None) -> Step:
    """Returns a step with the caller's turn in slow mode, where there is one; raises TooMany before it has come."""
    head = step.before
    if not head.slow_mode_s or mine is None or head.role_of(call.user_id) in ADMINS or not _is_limited(call):
        return step
    rate = slow_mode_rate(head.slow_mode_s, limits.current())
    next_ms = None if mine.sent_ms is None else mine.sent_ms + rate.interval_ms
    settle(call, rate, take(next_ms, rate, call.now_ms))
    return msgspec.structs.replace(step, turn=Turn(user_id=call.user_id, before_ms=mine.sent_ms, at_ms=call.now_ms))


def check_groups(call: Call) -> None:
    """Raises Conflict where the caller is in as many groups as they may be and still make one; one round trip."""
    most = limits.current().groups
    if _is_limited(call) and conversations.count_groups(call.user_id, most) >= most:
        raise Conflict(
            "too_many_groups", f"You are in {most} groups; leave one before you make another.", rule="groups"
        )


def forget() -> None:
    """Forgets where this process has seen people write: what is left of the memory of one that died."""
    _last.clear()


def _is_limited(call: Call) -> bool:
    return call.caller.role != SERVICE


def _own_token(call: Call) -> Taking:
    return rates.take(call.user_id, _rate(), call.now_ms)


def _settle_own(call: Call, taking: Taking) -> None:
    settle(call, _rate(), taking)


def _rate() -> Rate:
    return send_rate(limits.current())
