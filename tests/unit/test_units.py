"""The cost units of a call to DynamoDB."""

from typing import Any

import pytest

from parley.adapters.dynamodb.units import units_of

KEYS = [{"user_id": {"S": "a"}}] * 4


def answer(size: int) -> dict[str, Any]:
    return {"ResponseMetadata": {"HTTPHeaders": {"content-length": str(size)}}}


@pytest.mark.parametrize(
    ("operation", "request_", "size", "units"),
    [
        ("GetItem", {"ConsistentRead": True}, 100, 1),
        ("GetItem", {}, 100, 0.5),
        ("Query", {"ConsistentRead": True}, 40_960, 10),
        ("Query", {}, 40_960, 5),
        ("BatchGetItem", {"RequestItems": {"A": {"Keys": KEYS, "ConsistentRead": True}}}, 100, 4),
        ("BatchGetItem", {"RequestItems": {"A": {"Keys": KEYS, "ConsistentRead": False}}}, 100, 2),
        ("BatchGetItem", {"RequestItems": {"A": {"Keys": KEYS}, "B": {"Keys": KEYS, "ConsistentRead": True}}}, 0, 6),
        ("BatchGetItem", {"RequestItems": {"A": {"Keys": KEYS, "ConsistentRead": True}}}, 40_960, 10),
        ("TransactGetItems", {"TransactItems": [{}, {}]}, 100, 4),
        ("TransactWriteItems", {"TransactItems": [{}, {}, {}]}, 100, 30),
        ("BatchWriteItem", {"RequestItems": {"A": [{}, {}], "B": [{}]}}, 100, 15),
        ("UpdateItem", {}, 100, 5),
        ("DeleteItem", {}, 100, 5),
    ],
)
def test_units(operation: str, request_: dict[str, Any], size: int, units: float) -> None:
    assert units_of(operation, request_, answer(size)).whole == units
