"""The cost of calls to DynamoDB in cost units, each about one read unit."""

from collections.abc import Mapping
from typing import Any, NamedTuple

READ_UNIT_BYTES = 4096
# On demand a write unit costs five times as much as a read unit (DynamoDB price list: 0.625 and 0.125 USD a million).
WRITE_UNITS = 5.0
READS = frozenset({"BatchGetItem", "GetItem", "Query", "Scan"})


class Units(NamedTuple):
    """The cost units of a call: the `least`, if all items are small or missing; the `whole`, by their sizes."""

    least: float
    whole: float


def units_of(operation: str, request: Mapping[str, Any], answer: Mapping[str, Any]) -> Units:
    """Returns about how many cost units a call to DynamoDB has used ("Read and write operations" in its guide).

    Writes count as if items were small and in no index. Reads count by the bytes of the answer on the wire, which are
    more than those of the items.
    """
    least = _least_units_of(operation, request)
    if operation not in READS:
        return Units(least, least)
    size = int(answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("content-length", 0))
    return Units(least, max(least, least / key_count(operation, request) * size / READ_UNIT_BYTES))


def key_count(operation: str, request: Mapping[str, Any]) -> int:
    """Returns for how many keys a read asks; a query counts as one."""
    return sum(len(table["Keys"]) for table in request["RequestItems"].values()) if operation == "BatchGetItem" else 1


def _least_units_of(operation: str, request: Mapping[str, Any]) -> float:
    match operation:
        case "BatchGetItem":
            return sum(len(table["Keys"]) * _weight(table) for table in request["RequestItems"].values())
        case "GetItem" | "Query" | "Scan":
            return _weight(request)
        case "TransactGetItems":
            return 2.0 * len(request["TransactItems"])
        case "TransactWriteItems":
            return 2 * WRITE_UNITS * len(request["TransactItems"])
        case "BatchWriteItem":
            return WRITE_UNITS * sum(map(len, request["RequestItems"].values()))
        case _:
            return WRITE_UNITS


def _weight(request: Mapping[str, Any]) -> float:
    return 1.0 if request.get("ConsistentRead") else 0.5
