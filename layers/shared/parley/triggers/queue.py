"""Queues: each message is handled by itself, and only failed messages come back."""

import time
from collections.abc import Callable, Mapping
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

    decode = _decoder(body)

    def decorate(function: Callable[[Body, int], None]) -> Handler:
        name = function.__module__.rpartition(".")[2]

        @wraps(function)
        def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
            failures = _failures(
                event, context.aws_request_id, name, lambda record, now_ms: function(decode(record), now_ms)
            )
            request_log.succeeded(name, context.aws_request_id, failed=len(failures), received=len(event["Records"]))
            return {"batchItemFailures": failures}

        return handler

    return decorate


def owned_queue(
    body: type[Body], *, takes_s: int, put_back: Callable[[Body], None]
) -> Callable[[Callable[[Body, str, int], None]], Handler]:
    """Returns the decorator of a function that also gets the id of the queue's message, the same in each of its tries.

    Such a function takes up what an earlier try of its own has left, and leaves alone what another one is at. A message
    may take `takes_s`: if less is left, as those before it in the batch were slow, `put_back` queues it again. SQS
    would keep a failed one hidden until the function's time limit has passed several times.
    """
    decode = _decoder(body)

    def decorate(function: Callable[[Body, str, int], None]) -> Handler:
        name = function.__module__.rpartition(".")[2]

        @wraps(function)
        def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
            def deal_with(record: dict[str, Any], now_ms: int) -> None:
                if context.get_remaining_time_in_millis() < takes_s * 1000:
                    put_back(decode(record))
                else:
                    function(decode(record), record["messageId"], now_ms)

            failures = _failures(event, context.aws_request_id, name, deal_with)
            request_log.succeeded(name, context.aws_request_id, failed=len(failures), received=len(event["Records"]))
            return {"batchItemFailures": failures}

        return handler

    return decorate


def counted_queue(
    body: type[Body],
) -> Callable[[Callable[[Request, Body, int], Mapping[str, str]]], Handler]:
    """Returns the decorator of a function that also gets the number of the try, 1 for the first.

    Such a function knows its last try, so it can end what fails each time. It runs as nobody, and returns what the log
    notes of the message.
    """
    decode = _decoder(body)

    def decorate(function: Callable[[Request, Body, int], Mapping[str, str]]) -> Handler:
        name = function.__module__.rpartition(".")[2]

        @wraps(function)
        def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
            request_id = context.aws_request_id

            def deal_with(record: dict[str, Any], now_ms: int) -> None:
                number = int(record["attributes"]["ApproximateReceiveCount"])
                request = Request(caller=NOBODY, now_ms=now_ms, request_id=request_id)
                noted = function(request, decode(record), number)
                request_log.succeeded(name, request_id, message_id=record["messageId"], number=number, **noted)

            return {"batchItemFailures": _failures(event, request_id, name, deal_with)}

        return handler

    return decorate


def sweep_queue(function: Callable[[Request, SweepJob, Attempts], int]) -> Handler:
    """Makes a Lambda handler for the jobs of a sweep; `function` returns how many rows it swept.

    A job does not fail because one row fails. Rows that it does not reach in time stay due, so the next minute's sweep
    finds them. It also finds the rows of a job that has waited longer than a minute.
    """
    name = function.__module__.rpartition(".")[2]
    decode = _decoder(SweepJob)

    @wraps(function)
    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        request_id = context.aws_request_id
        run = Attempts(name, request_id, context.get_remaining_time_in_millis)
        swept = 0

        def deal_with(record: dict[str, Any], _now_ms: int) -> None:
            nonlocal swept
            job = decode(record)
            swept += function(Request(caller=NOBODY, now_ms=job.at_s * 1000, request_id=request_id), job, run)

        fresh = [record for record in event["Records"] if _waited_s(record) < MAX_WAIT_S]
        failures = _failures({"Records": fresh}, request_id, name, deal_with)
        run.end(swept)
        return {"batchItemFailures": failures}

    return handler


def _waited_s(record: dict[str, Any]) -> float:
    """Returns how long a message has been in its queue."""
    return time.time() - int(record["attributes"]["SentTimestamp"]) / 1000


def _decoder(body: type[Body]) -> Callable[[dict[str, Any]], Body]:
    decoder = msgspec.json.Decoder(body)
    return lambda record: decoder.decode(record["body"])


def _failures(
    event: dict[str, Any], request_id: str, name: str, deal_with: Callable[[dict[str, Any], int], None]
) -> list[dict[str, str]]:
    """Handles each record; returns the failed ones in the form that Lambda expects."""
    failures = []
    for record in event["Records"]:
        try:
            deal_with(record, time.time_ns() // 1_000_000)
        except NotYet:  # no failure of ours, so it raises no alarm
            request_log.refused(name, request_id, "not_yet", message_id=record["messageId"])
            failures.append({"itemIdentifier": record["messageId"]})
        except Exception as error:
            problems.note(error, name, request_id, message_id=record["messageId"])
            failures.append({"itemIdentifier": record["messageId"]})
    return failures
