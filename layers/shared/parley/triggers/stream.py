"""Streams: the rows that have been written, in batches and in order.

A batch that fails comes back whole, or cut in two.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from parley.adapters.documents import from_wire
from parley.triggers import observing, problems

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]
Row = Mapping[str, Any]


def stream(function: Callable[[list[Row]], None]) -> Handler:
    """Makes a Lambda handler of what is done with new rows; the event source filters which (template.yaml)."""
    name = function.__module__.rpartition(".")[2]

    @wraps(function)
    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        rows = [_row(record["dynamodb"]["NewImage"]) for record in event["Records"]]
        try:
            function(rows)
        except Exception as error:
            problems.note(error, name, context.aws_request_id, rows=len(rows))
            raise
        observing.succeeded(name, context.aws_request_id, rows=len(rows))
        return {"batchItemFailures": []}

    return handler


def _row(image: Mapping[str, Any]) -> Row:
    return {name: from_wire(value) for name, value in image.items()}
