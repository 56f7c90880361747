"""Conditional writes: DynamoDB's refusals, recognised by code and never by text."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from botocore.exceptions import ClientError
from pynamodb.attributes import Attribute
from pynamodb.exceptions import PynamoDBException, TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path
from pynamodb.transactions import TransactWrite

from parley.adapters.dynamodb import clients, retrying
from parley.adapters.dynamodb.retrying import PASSING_REASONS
from parley.domain.api.errors import Unavailable

CONDITION_FAILED = "ConditionalCheckFailed"
CONFLICT = "TransactionConflict"
_LOST = {CONDITION_FAILED, CONFLICT}
MAX_TRIES = 16  # of a write that others keep overtaking; with the waits below about three seconds
LONGEST_WAIT_S = 0.4

Result = TypeVar("Result")


class LostRace(Exception):
    """A row is no longer as it was read: another write was faster. Read again, then decide again."""


def tries() -> Iterator[int]:
    """Yields the number of each try, waiting longer before each (full jitter), so that competitors spread out."""
    for number in range(MAX_TRIES):
        if number:
            time.sleep(random.uniform(0, min(LONGEST_WAIT_S, 0.01 * 2**number)))
        yield number


def until_written(step: Callable[[], Result]) -> Result:
    """Returns what a step returns, which reads, decides and writes; a step that raises LostRace is done again.

    Raises Unavailable after the last try.
    """
    for _ in tries():
        try:
            return step()
        except LostRace:
            continue
    raise retrying.busy()


def busy() -> Unavailable:
    """Returns the refusal after the last try."""
    return Unavailable("conversation_busy", "Too many people write here at once; try again.", retry_after_ms=1000)


def response_code(error: PynamoDBException | ClientError) -> str | None:
    """Returns DynamoDB's code for a failure, or None if it did not answer at all.

    PynamoDB's own `cause_response_code` raises AttributeError for a time-out, whose cause has no response.
    """
    cause = error.cause if isinstance(error, PynamoDBException) else error
    response = getattr(cause, "response", None) or {}
    code: str | None = response.get("Error", {}).get("Code")
    return code


def failed_condition(error: PynamoDBException | ClientError) -> bool:
    """Says whether a single write was refused because its condition did not hold."""
    return response_code(error) == "ConditionalCheckFailedException"


def met_a_transaction(error: PynamoDBException | ClientError) -> bool:
    """Says whether a single write was refused because a transaction was writing the row."""
    return response_code(error) == "TransactionConflictException"


def lost_race(error: TransactWriteError) -> bool:
    """Says whether a transaction was refused because another was faster, so that reading and trying again can help.

    A transaction that is still under way is not that: it may be this one, whose first answer was lost.
    """
    codes = {reason.code for reason in error.cancellation_reasons if reason is not None}
    return bool(codes & _LOST) and codes <= _LOST | PASSING_REASONS


def unchanged(item: Mapping[str, Any], attribute: Attribute[Any]) -> Condition:
    """Returns the condition that an attribute of a damaged row is as it was read, in DynamoDB's own notation.

    That is its value or, if it had another type than its model says, that it still has not that type.
    """
    kind, path = attribute.attr_type, Path(attribute)
    wire = item.get(attribute.attr_name, {})
    condition: Condition = attribute == attribute.deserialize(wire[kind]) if kind in wire else ~path.is_type(kind)
    return condition


@contextmanager
def transaction() -> Iterator[TransactWrite]:
    """Writes a transaction; raises LostRace if another write was faster."""
    try:
        with TransactWrite(connection=clients.dynamodb) as transaction:
            yield transaction
    except TransactWriteError as error:
        if lost_race(error):
            raise LostRace from error
        raise
