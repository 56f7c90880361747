"""Queues: each message is handled by itself, and only failed messages come back."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from parley.domain.api.request import Request
from parley.domain.live.posts import NotYet
from parley.domain.live.sweeps import MAX_WAIT_S, SweepJob
from parley.triggers import problems, request_log
from parley.triggers.attempts import NOBODY, Attempts

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]
Body = TypeVar("Body", bound=Struct)


def queue(body: type[Body]) -> Callable[[Callable[[Body, int], None]], Handler]:
    """Returns the decorator that makes a Lambda handler of a function of one message, `body`, and the time in ms.

    A newer version may have put unknown fields into a message (upgrade.md). They are no mistake here, as they would
    be in a client's request.
    The function's event source reports partial failures (template.yaml): a message whose function raised stays in the
    queue, and goes to the dead letters after the tries that the queue allows.
    """

    def decorate(function: Callable[[Body, int], None]) -> Handler:
        name = function.__module__.rpartition(".")[2]

        @wraps(function)
        def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
            failures = _failures(event, context.aws_request_id, name, body, function)
            request_log.succeeded(name, context.aws_request_id, failed=len(failures), received=len(event["Records"]))
            return {"batchItemFailures": failures}

        return handler

    return decorate


def sweep_queue(function: Callable[[Request, SweepJob, Attempts], int]) -> Handler:
    """Makes a Lambda handler for the jobs of a sweep; `function` returns how many rows it swept.

    A job does not fail because one row fails. Rows that it does not reach in time stay due, so the next minute's sweep
    finds them. It also finds the rows of a job that has waited longer than a minute.
    """
    name = function.__module__.rpartition(".")[2]

    @wraps(function)
    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        request_id = context.aws_request_id
        run = Attempts(name, request_id, context.get_remaining_time_in_millis)
        swept = 0

        def deal_with(job: SweepJob, _now_ms: int) -> None:
            nonlocal swept
            swept += function(Request(caller=NOBODY, now_ms=job.at_s * 1000, request_id=request_id), job, run)

        fresh = [record for record in event["Records"] if _waited_s(record) < MAX_WAIT_S]
        failures = _failures({"Records": fresh}, request_id, name, SweepJob, deal_with)
        run.end(swept)
        return {"batchItemFailures": failures}

    return handler


def _waited_s(record: dict[str, Any]) -> float:
    """Returns how long a message has been in its queue."""
    return time.time() - int(record["attributes"]["SentTimestamp"]) / 1000


def _failures(
    event: dict[str, Any], request_id: str, name: str, body: type[Body], function: Callable[[Body, int], None]
) -> list[dict[str, str]]:
    """Handles each message; returns the failed ones in the form that Lambda expects."""
    failures = []
    for record in event["Records"]:
        try:
            function(msgspec.json.decode(record["body"], type=body), time.time_ns() // 1_000_000)
        except NotYet:  # no failure of ours, so it raises no alarm
            request_log.refused(name, request_id, "not_yet", message_id=record["messageId"])
            failures.append({"itemIdentifier": record["messageId"]})
        except Exception as error:
            problems.note(error, name, request_id, message_id=record["messageId"])
            failures.append({"itemIdentifier": record["messageId"]})
    return failures
