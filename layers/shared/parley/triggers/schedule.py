"""Schedules: what runs every minute, on nobody's behalf."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from parley.domain.call import Call
from parley.domain.identity import Identity
from parley.domain.times import from_rfc3339
from parley.triggers import observing, problems

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]

NOBODY = Identity(user_id="", name="", role="system", expires_at_s=0)


def schedule(function: Callable[[Call], int]) -> Handler:
    """Makes a Lambda handler of a sweep; `function` returns how many rows it swept.

    A failure is the schedule's to retry.
    """
    name = function.__module__.rpartition(".")[2]

    @wraps(function)
    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        request_id = context.aws_request_id
        try:
            swept = function(Call(caller=NOBODY, now_ms=_due_ms(event["time"]), request_id=request_id))
        except Exception as error:
            problems.note(error, name, request_id)
            raise
        observing.succeeded(name, request_id, swept=swept)
        observing.count(name, "Swept", swept)
        return {"swept": swept}

    return handler


def _due_ms(time: str) -> int:
    due_ms = from_rfc3339(time)
    if due_ms is None:
        raise ValueError(f"a schedule's event has no time: {time!r}")
    return due_ms
