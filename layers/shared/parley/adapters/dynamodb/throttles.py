"""Counts the calls that DynamoDB throttles, also those that botocore then makes again with success.

One metric for all tables and indexes, `StoreThrottled`, has one alarm. DynamoDB's own metrics would need a metric of an
alarm for each table, index and direction (D-482). The log line names the table or index.
"""

from typing import Any

from aws_lambda_powertools import Logger

from parley.adapters.dynamodb.retrying import PASSING_REASONS

# DynamoDB API reference, "Error handling": the codes of throttled calls.
CODES = frozenset({"ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"})
# A batch leaves rows out if it is throttled, and if its answer would have more than 1 MB of a partition (DynamoDB API
# reference, BatchGetItem). JSON is never shorter than the rows by DynamoDB's count.
SMALL_BYTES = 1_000_000
EVENT = "needs-retry.dynamodb"  # botocore emits it after every try of a call

logger = Logger()


def count(response: tuple[Any, dict[str, Any]] | None = None, operation: Any = None, **_: object) -> None:
    """Counts a try that was throttled. It is a handler of `EVENT`, and returns None, so it decides no retry."""
    if response is not None and _is_throttled(*response):
        from parley.adapters import metrics  # costs each start of a function, and is needed in few

        reasons = response[1].get("throttlingReasons") or response[1].get("ThrottlingReasons") or []
        places = sorted({f"{reason.get('resource')} {reason.get('reason')}" for reason in reasons})
        name = getattr(operation, "name", "")
        logger.warning("store_throttled", code="store_throttled", call=name, places=places)
        metrics.count("StoreThrottled", 1)


def _is_throttled(http: Any, parsed: dict[str, Any]) -> bool:
    if parsed.get("Error", {}).get("Code") in CODES:
        return True
    if any(reason.get("Code") in PASSING_REASONS for reason in parsed.get("CancellationReasons") or ()):
        return True
    is_partial = bool(parsed.get("UnprocessedKeys") or parsed.get("UnprocessedItems"))
    return is_partial and len(http.content) < SMALL_BYTES
