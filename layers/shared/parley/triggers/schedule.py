"""Schedules: jobs that run every minute, for no caller."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from parley.domain.api.request import Request
from parley.domain.api.times import from_rfc3339
from parley.triggers import problems
from parley.triggers.attempts import NOBODY, Attempts

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


def schedule(function: Callable[[Request, Attempts], int]) -> Handler:
    """Makes a Lambda handler of a sweep; `function` returns how many rows it swept.

    Failed rows are in the log and in a metric; they do not fail the run.
    """
    name = function.__module__.rpartition(".")[2]

    @wraps(function)
    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        request_id = context.aws_request_id
        run = Attempts(name, request_id, context.get_remaining_time_in_millis)
        try:
            swept = function(Request(caller=NOBODY, now_ms=_due_ms(event["time"]), request_id=request_id), run)
        except Exception as error:
            problems.note(error, name, request_id)
            raise
        run.end(swept)
        return {"swept": swept}

    return handler


def _due_ms(time: str) -> int:
    due_ms = from_rfc3339(time)
    if due_ms is None:
        raise ValueError(f"a schedule's event has no time: {time!r}")
    return due_ms
