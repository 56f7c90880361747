"""Queues: each message by itself, and only those that failed come back."""

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
    """Returns the decorator that makes a Lambda handler of what is done with one message, `body` and the time in ms.

    A newer version may have put fields into a message that this one does not know (upgrade.md), so they are no
    mistake, as they would be in a client's request.
    The function's event source reports partial failures (template.yaml): what raised stays in the queue, and goes
    to the dead letters after the tries that the queue allows.
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
    """Makes a Lambda handler of what deals with the rows of a sweep's job; `function` returns how many it swept.

    A job does not fail for one of its rows. What it does not do in time stays due, so the next minute's sweep finds it;
    so it does the rows of a job that has waited for longer than that.
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
    """Returns for how long a message has been in its queue."""
    return time.time() - int(record["attributes"]["SentTimestamp"]) / 1000


def _failures(
    event: dict[str, Any], request_id: str, name: str, body: type[Body], function: Callable[[Body, int], None]
) -> list[dict[str, str]]:
    """Does what is to be done with each message; returns those that failed, as Lambda wants to be told of them."""
    failures = []
    for record in event["Records"]:
        try:
            function(msgspec.json.decode(record["body"], type=body), time.time_ns() // 1_000_000)
        except NotYet:  # nothing is wrong with us, so nobody is woken for it
            request_log.refused(name, request_id, "not_yet", message_id=record["messageId"])
            failures.append({"itemIdentifier": record["messageId"]})
        except Exception as error:
            problems.note(error, name, request_id, message_id=record["messageId"])
            failures.append({"itemIdentifier": record["messageId"]})
    return failures
