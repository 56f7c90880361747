"""Helpers of the tests of notifications."""

from typing import Any

from tests.harness import Parley

DAMAGE = {"S": "damaged"}


def rows_of(parley: Parley, user_id: str) -> dict[str, dict[str, Any]]:
    """Returns a person's rows in the table of notifications by place, without the types of their attributes."""
    found = parley.store.client("dynamodb").query(
        TableName=parley.template.resources["Notifications"].ref,
        KeyConditionExpression="#k = :k",
        ExpressionAttributeNames={"#k": "key"},
        ExpressionAttributeValues={":k": {"S": user_id}},
    )["Items"]
    return {
        item["place"]["S"]: {name: next(iter(value.values())) for name, value in item.items() if name != "key"}
        for item in found
    }


def spoil(parley: Parley, user_id: str, place: str, attribute: str) -> None:
    """Damages one attribute of a person's row that exists."""
    parley.store.client("dynamodb").update_item(
        TableName=parley.template.resources["Notifications"].ref,
        Key={"key": {"S": user_id}, "place": {"S": place}},
        UpdateExpression="SET #a = :damage",
        ConditionExpression="attribute_exists(#k)",
        ExpressionAttributeNames={"#a": attribute, "#k": "key"},
        ExpressionAttributeValues={":damage": DAMAGE},
    )
