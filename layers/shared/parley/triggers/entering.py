"""What every operation of a caller runs in: the check of their sign-in, and the meter of what it costs."""

from collections.abc import Iterator
from contextlib import contextmanager

from parley.adapters import admission, metering
from parley.domain.call import Call


@contextmanager
def admitted(call: Call, operation: str, asks: str | None) -> Iterator[None]:
    """Runs an operation; raises Unauthenticated for a caller who was signed out, TooMany for one with nothing left."""
    with metering.metered(call, operation, asks) as meter, admission.required(call.caller, meter):
        yield
