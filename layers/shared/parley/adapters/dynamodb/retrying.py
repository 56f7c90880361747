"""AWS faults that pass by themselves: their only list, and how often the adapters try again.

botocore tries again after no answer, a 5xx, and most throttling ("standard" retry mode, three attempts in all). It does
not try again after a cancelled transaction, nor after a single write that met a transaction: `clients.dynamodb` does.
"""

import random
import time
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError
from pynamodb.exceptions import PynamoDBException, VerboseClientError

from parley.domain.api.errors import Unavailable

CANCELED = "TransactionCanceledException"
# Reasons of a cancelled transaction that no request caused (DynamoDB API reference, TransactWriteItems).
PASSING_REASONS = frozenset({"ThrottlingError", "ProvisionedThroughputExceeded"})
# A 5xx passes whatever its code is; these have another status (API references: "Error handling", "Common errors").
PASSING_CODES = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "ThrottledException",
        "RequestLimitExceeded",
        "TransactionConflictException",
        "TransactionInProgressException",
        "InternalServerError",
        "ServiceUnavailable",
        "RequestTimeout",  # S3
        "RequestThrottled",  # SQS, and the next one
        "OverLimit",
    }
)
# Nothing was written, and botocore gives up at once, or too soon for a transaction that is still under way.
_CALLED_AGAIN = frozenset({"TransactionConflictException", "TransactionInProgressException"})
# botocore's errors for a call: an answer that is an error, or none.
FAILURES = (ClientError, HTTPClientError, ConnectionError)
MAX_TRIES = 6  # the waits between them are 1.55 s at most, 0.8 s on average
FIRST_WAIT_S = 0.05


def waits() -> Iterator[None]:
    """Yields before each try, after a wait that doubles (full jitter)."""
    yield
    for number in range(MAX_TRIES - 1):
        time.sleep(random.uniform(0, FIRST_WAIT_S * 2**number))
        yield


def calls_again(error: ClientError) -> bool:
    """Says whether a call to DynamoDB wrote nothing and can be made again as it was, with the same token."""
    if isinstance(error, VerboseClientError) and _code(error) == CANCELED:
        return is_throttled(error.cancellation_reasons)
    return _code(error) in _CALLED_AGAIN


def is_throttled(reasons: Any) -> bool:
    """Says whether a transaction was cancelled only because DynamoDB is busy."""
    codes = {reason.code for reason in reasons if reason is not None}
    return bool(codes) and codes <= PASSING_REASONS


def is_passing(error: Exception) -> bool:
    """Says whether the same request may succeed later; it may have been done, so a retry of a send needs its id."""
    cause = error.cause if isinstance(error, PynamoDBException) else error
    if isinstance(cause, (HTTPClientError, ConnectionError)):  # no answer
        return True
    if not isinstance(cause, ClientError):
        return False
    return calls_again(cause) or _code(cause) in PASSING_CODES or _status(cause) >= 500


def busy() -> Unavailable:
    """Returns the refusal of a request that may succeed later."""
    return Unavailable("store_busy", "The store is busy; try again.", retry_after_ms=1000)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _status(error: ClientError) -> int:
    # PynamoDB leaves the status out of its own error, but not out of the cause.
    whole = error.__cause__ if isinstance(error, VerboseClientError) else error
    response: Mapping[str, Any] = getattr(whole, "response", {})
    return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
