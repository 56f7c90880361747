"""Every operation of a caller runs in this: the check of their sign-in, and the meter of what it costs."""

from collections.abc import Iterator
from contextlib import contextmanager

from parley.adapters.dynamodb import admission, metering
from parley.domain.api.errors import Suspended, Unauthenticated
from parley.domain.api.request import Request


@contextmanager
def admitted(request: Request, operation: str, asks: str | None) -> Iterator[None]:
    """Runs an operation; raises Unauthenticated for a caller who was signed out, TooMany if their bucket is empty.

    Raises Suspended if a suspension of the caller refuses the operation (`domain/api/suspension.py`).
    `asks` names the bucket that must not be empty (`metering.py`). A refused operation is paid for, too.
    """
    meter = metering.of(request, operation, asks)
    try:
        with metering.running(meter), admission.required(request.caller, request.now_ms, operation, meter):
            yield
    except (Unauthenticated, Suspended):
        raise  # it takes nothing from the bucket of a person who gets nothing
    except Exception:
        _settle(meter, is_good=False)
        raise
    _settle(meter, is_good=True)


def _settle(meter: metering.Meter | None, *, is_good: bool) -> None:
    if meter is not None:
        meter.settle(is_good=is_good)
