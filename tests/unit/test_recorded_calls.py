"""The recorder that the budgets are counted with: what it sees of calls to a table, over moto."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from bench.calls import NotCounted, answering, recording
from bench.capacity import Units

HASH = {"AttributeName": "user_id", "KeyType": "HASH"}
BY_HOUR = {
    "IndexName": "by_hour",
    "KeySchema": [HASH, {"AttributeName": "hour", "KeyType": "RANGE"}],
    "Projection": {"ProjectionType": "KEYS_ONLY"},
}


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of a table with an index, `alice` in it with 9,000 bytes."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    # A functional test's engine may still be up in this process: moto with the same tables, or ministack elsewhere.
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        dynamodb: Any = boto3.client("dynamodb", region_name="us-east-1")
        dynamodb.create_table(
            TableName="people",
            KeySchema=[HASH],
            AttributeDefinitions=[
                {"AttributeName": "user_id", "AttributeType": "S"},
                {"AttributeName": "hour", "AttributeType": "N"},
            ],
            GlobalSecondaryIndexes=[BY_HOUR],
            BillingMode="PAY_PER_REQUEST",
        )
        dynamodb.put_item(TableName="people", Item={**key("alice"), "hour": {"N": "1"}, "pad": {"S": "x" * 9000}})
        yield dynamodb
        dynamodb.delete_table(TableName="people")


def key(user_id: str) -> dict[str, dict[str, str]]:
    return {"user_id": {"S": user_id}}


def test_reads_are_counted_by_size_and_consistency(client: Any) -> None:
    with recording() as recorded:
        client.get_item(TableName="people", Key=key("alice"))
        client.get_item(TableName="people", Key=key("alice"), ConsistentRead=True)
        client.batch_get_item(RequestItems={"people": {"Keys": [key("alice"), key("nobody")], "ConsistentRead": True}})
        client.query(TableName="people", **only("alice"))

    assert [call.units for call in recorded.calls] == [Units(read=units) for units in (1.5, 3, 3 + 1, 1.5)]


def only(user_id: str) -> dict[str, Any]:
    return {"KeyConditionExpression": "user_id = :user", "ExpressionAttributeValues": {":user": {"S": user_id}}}


def test_writes_are_counted_from_the_items_before_and_after(client: Any) -> None:
    move = {
        "TableName": "people",
        "Key": key("alice"),
        "UpdateExpression": "SET #hour = :hour",
        "ExpressionAttributeNames": {"#hour": "hour"},
        "ExpressionAttributeValues": {":hour": {"N": "2"}},
    }
    with recording() as recorded:
        client.update_item(**move)
        client.update_item(**move)
        client.transact_write_items(TransactItems=[{"Put": {"TableName": "people", "Item": key("bob")}}])
        client.delete_item(TableName="people", Key=key("bob"))

    assert [call.units for call in recorded.calls] == [Units(write=units) for units in (9 + 2, 9, 2, 1)]


def test_refused_write_is_counted_and_refused(client: Any) -> None:
    with recording() as recorded, pytest.raises(ClientError):
        client.put_item(TableName="people", Item=key("alice"), ConditionExpression="attribute_not_exists(user_id)")

    [call] = recorded.calls
    assert (call.units, call.error_code) == (Units(write=9), "ConditionalCheckFailedException")


def test_call_whose_price_cannot_be_told_is_not_left_out(client: Any) -> None:
    with recording() as recorded:
        client.query(TableName="people", ProjectionExpression="user_id", **only("alice"))

    with pytest.raises(NotCounted, match="ProjectionExpression"):
        _ = recorded.units


def test_round_trips_are_the_longest_chain(client: Any) -> None:
    with recording() as recorded, ThreadPoolExecutor() as threads:
        beside = threads.submit(client.get_item, TableName="people", Key=key("bob"))
        client.get_item(TableName="people", Key=key("alice"))
        beside.result()
        client.get_item(TableName="people", Key=key("alice"))

    assert len(recorded.calls) == 3
    assert recorded.round_trips == 2


def test_calls_side_by_side_count_once_even_if_one_ends_before_the_other_begins(client: Any) -> None:
    with recording() as recorded, ThreadPoolExecutor(max_workers=1) as threads:
        both = [threads.submit(client.get_item, TableName="people", Key=key(each)) for each in ("alice", "bob")]
        for each in both:
            each.result()

    assert len(recorded.calls) == 2
    assert recorded.round_trips == 1


def test_a_task_waits_for_what_its_submitter_did_and_for_the_event_that_it_waits_for(client: Any) -> None:
    is_read = Event()

    def read() -> None:
        client.get_item(TableName="people", Key=key("alice"))
        is_read.set()

    def read_after() -> None:
        assert is_read.wait(timeout=60)
        client.get_item(TableName="people", Key=key("bob"))

    with recording() as recorded, ThreadPoolExecutor(max_workers=2) as threads:
        client.get_item(TableName="people", Key=key("carol"))
        after, reading = threads.submit(read_after), threads.submit(read)
        reading.result()
        after.result()

    assert len(recorded.calls) == 3
    assert recorded.round_trips == 3


def test_answered_services_are_not_called_and_can_be_recorded(client: Any) -> None:
    with answering({"dynamodb": {"Item": key("carol")}}), recording() as recorded:
        answer = client.get_item(TableName="nowhere", Key=key("carol"))

    assert answer == {"Item": key("carol")}
    assert [(call.service, call.operation) for call in recorded.calls] == [("dynamodb", "GetItem")]


def test_nothing_is_recorded_afterwards(client: Any) -> None:
    with recording() as recorded:
        pass
    client.get_item(TableName="people", Key=key("alice"))

    assert recorded.calls == []
