"""What one person may do in a time: a token is taken before anything is written, and the answer tells what is left."""

from parley.actions.profiles import SERVICE
from parley.adapters import limits, rates
from parley.domain.call import Call
from parley.domain.limits import send_rate, settle


def take_own(call: Call) -> None:
    """Takes a token out of the caller's own bucket, which counts whatever they do anywhere; raises TooMany.

    One round trip, two in a hurry. The host's own programs are not limited.
    """
    if call.caller.role != SERVICE:
        rate = send_rate(limits.current())
        settle(call, rate, rates.take(call.user_id, rate, call.now_ms))
