"""What calls to DynamoDB cost, in cost units: about one for each read unit."""

from collections.abc import Mapping
from typing import Any

READ_UNIT_BYTES = 4096
# On demand a write unit costs five times as much as a read unit (DynamoDB price list: 0.625 and 0.125 USD a million).
WRITE_UNITS = 5.0


def units_of(operation: str, request: Mapping[str, Any], answer: Mapping[str, Any]) -> float:
    """Returns about how many cost units a call to DynamoDB has used ("Read and write operations" in its guide).

    Writes count as if items were small and in no index. Reads count by the bytes of the answer on the wire, which are
    more than those of the items.
    """
    match operation:
        case "BatchGetItem":
            return _by_size(answer, [(len(one["Keys"]), _is_strong(one)) for one in request["RequestItems"].values()])
        case "GetItem" | "Query" | "Scan":
            return _by_size(answer, [(1, _is_strong(request))])
        case "TransactGetItems":
            return 2.0 * len(request["TransactItems"])
        case "TransactWriteItems":
            return 2 * WRITE_UNITS * len(request["TransactItems"])
        case "BatchWriteItem":
            return WRITE_UNITS * sum(map(len, request["RequestItems"].values()))
        case _:
            return WRITE_UNITS


def _by_size(answer: Mapping[str, Any], asked: list[tuple[int, bool]]) -> float:
    least = sum(number if is_strong else number / 2 for number, is_strong in asked)
    count = sum(number for number, _ in asked)
    size = int(answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("content-length", 0))
    return max(least, least / count * size / READ_UNIT_BYTES)


def _is_strong(request: Mapping[str, Any]) -> bool:
    return bool(request.get("ConsistentRead"))
