"""Queues: each message by itself, and only those that failed come back."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from parley.domain.posts import NotYet
from parley.triggers import observing, problems

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]
Body = TypeVar("Body", bound=Struct)


def queue(body: type[Body]) -> Callable[[Callable[[Body, int], None]], Handler]:
    """Returns the decorator that makes a Lambda handler of what is done with one message, `body` and the time in ms.

    A newer version may have put fields into a message that this one does not know (docs/upgrading.md), so they are no
    mistake, as they would be in a client's request.
    The function's event source reports partial failures (template.yaml): what raised stays in the queue, and goes
    to the dead letters after the tries that the queue allows.
    """

    def decorate(function: Callable[[Body, int], None]) -> Handler:
        name = function.__module__.rpartition(".")[2]

        @wraps(function)
        def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
            failures = []
            for record in event["Records"]:
                try:
                    function(msgspec.json.decode(record["body"], type=body), time.time_ns() // 1_000_000)
                except NotYet:  # nothing is wrong with us, so nobody is woken for it
                    observing.refused(name, context.aws_request_id, "not_yet", message_id=record["messageId"])
                    failures.append({"itemIdentifier": record["messageId"]})
                except Exception as error:
                    problems.note(error, name, context.aws_request_id, message_id=record["messageId"])
                    failures.append({"itemIdentifier": record["messageId"]})
            observing.succeeded(name, context.aws_request_id, failed=len(failures), received=len(event["Records"]))
            return {"batchItemFailures": failures}

        return handler

    return decorate
