"""A person's own buckets, one row each: for their acts anywhere. A conversation's head counts their acts in it."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError
from pynamodb.constants import ALL_NEW, ALL_OLD
from pynamodb.expressions.condition import Condition

from parley.adapters.dynamodb import admission, clients, conditions, tables
from parley.adapters.dynamodb.admission import Dispatch
from parley.adapters.dynamodb.documents import from_wire
from parley.domain.api import limits
from parley.domain.api.limits import Rate, Taking

_Bucket = tables.Bucket


def take(user_id: str, rate: Rate, now_ms: int, tokens: int = 1) -> Taking:
    """Takes tokens out of a person's bucket, all of them or none; of simultaneous callers no two get the same.

    One round trip; two if the bucket is not full.
    """
    spent_ms = rate.interval_ms * tokens
    is_full = _is_full(now_ms)
    # Once a token is taken, the row itself says how many are left, so no read is needed.
    has_them = _Bucket.tat_ms <= now_ms + rate.window_ms - spent_ms
    expires_at_s = (now_ms + rate.window_ms) // 1000 + 1
    dispatch = clients.dynamodb.dispatch
    for _ in conditions.tries():
        is_granted, tat_ms = _set(user_id, now_ms + spent_ms, is_full, expires_at_s, dispatch)
        if not is_granted and tat_ms is not None and limits.take(tat_ms, rate, now_ms, tokens).is_granted:
            is_granted, tat_ms = _set(user_id, _Bucket.tat_ms + spent_ms, has_them, expires_at_s, dispatch)
        if tat_ms is not None:
            return Taking(is_granted=is_granted, tat_ms=tat_ms)
        # The row was there for the condition and gone for the answer: DynamoDB has deleted an expired row.
    raise conditions.busy()


def key(user_id: str, policy: str) -> str:
    """Returns the key of a person's bucket of a policy other than `send`, whose key is their id."""
    return f"{user_id}#{policy}"  # no user id holds a `#`


def charge(row_key: str, rate: Rate, now_ms: int, tokens: float, *, is_in_use: bool) -> int:
    """Takes tokens out of a bucket, more than it holds if need be, and returns its `tat_ms`.

    A bucket is overdrawn by its own size at most; it gives no tokens beyond that. One round trip if
    `is_in_use` says rightly whether the bucket is less than full; otherwise two.
    """
    spent_ms = int(rate.interval_ms * min(tokens, rate.burst))
    most_ms = now_ms + 2 * rate.window_ms
    is_full = _is_full(now_ms)
    holds_some = (_Bucket.tat_ms > now_ms) & (_Bucket.tat_ms <= most_ms - spent_ms)
    expires_at_s = most_ms // 1000 + 1
    dispatch = clients.dynamodb.unguarded
    for _ in conditions.tries():
        value, condition = (_Bucket.tat_ms + spent_ms, holds_some) if is_in_use else (now_ms + spent_ms, is_full)
        is_written, tat_ms = _set(row_key, value, condition, expires_at_s, dispatch)
        if tat_ms is not None and (is_written or tat_ms > most_ms - spent_ms):
            return tat_ms
        is_in_use = tat_ms is not None and tat_ms > now_ms
    raise conditions.busy()


def _is_full(now_ms: int) -> Condition:
    """Returns the condition that a bucket is full: also one without a row, or with an unreadable one."""
    is_full: Condition = ~_Bucket.tat_ms.is_type() | (_Bucket.tat_ms <= now_ms)
    return is_full


def _set(
    row_key: str, tat_ms: Any, condition: Condition, expires_at_s: int, dispatch: Dispatch
) -> tuple[bool, int | None]:
    """Returns whether the row was written, and its `tat_ms` now; None if the row does not exist."""
    request = _Bucket._get_connection().connection.get_operation_kwargs(
        _Bucket.Meta.table_name,
        row_key,
        actions=[_Bucket.tat_ms.set(tat_ms), _Bucket.expires_at_s.set(expires_at_s)],
        condition=condition,
        return_values=ALL_NEW,
        return_values_on_condition_failure=ALL_OLD,
    )
    try:
        with admission.harmless():
            written = dispatch("UpdateItem", request)["Attributes"]
    except ClientError as error:
        if not conditions.failed_condition(error):
            raise
        # DynamoDB returns the row in the way; PynamoDB leaves it out of its error, but not out of the cause.
        stood = getattr(error.__cause__, "response", {}).get("Item")
        return False, None if stood is None else _tat_ms(stood)
    return True, from_wire(written["tat_ms"])


def _tat_ms(item: Mapping[str, Any]) -> int:
    tat_ms = from_wire(item.get("tat_ms", {"NULL": True}))
    return tat_ms if isinstance(tat_ms, int) else 0  # `_is_full` replaces an unreadable row
