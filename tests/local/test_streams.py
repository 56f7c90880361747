"""DynamoDB streams to functions: order, batches, filters, partial failures, bisection, and the dead letters."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.harness import Parley

Calls = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def poison(parley: Parley) -> Iterator[set[str]]:
    from fixture_triggers.batch import poison  # on the path only once `parley` has put the fixture's code there

    yield poison
    poison.clear()


def put(parley: Parley, owner: str, seq: int = 1) -> None:
    item = {"owner": {"S": owner}, "seq": {"N": str(seq)}, "raw": {"B": b"\x00\xff"}}
    parley.store.client("dynamodb").put_item(TableName=parley.template.resources["Items"].ref, Item=item)


def batches(calls: Calls) -> list[list[str]]:
    return [[r["dynamodb"]["Keys"]["owner"]["S"] for r in e["Records"]] for name, e in calls if name == "on_item"]


def dead_letters(parley: Parley) -> list[dict[str, Any]]:
    found = parley.store.client("sqs").receive_message(
        QueueUrl=parley.template.resources["Dead"].ref, MaxNumberOfMessages=10
    )
    return [json.loads(message["Body"]) for message in found.get("Messages", [])]


def test_records_come_in_order_and_in_batches_of_the_template(parley: Parley, calls: Calls) -> None:
    for number in range(10):
        put(parley, f"o{number}")

    assert parley.drain() == 3

    assert [len(batch) for batch in batches(calls)] == [4, 4, 2]
    assert [owner for batch in batches(calls) for owner in batch] == [f"o{number}" for number in range(10)]


def test_a_record_has_the_shape_of_lambda_s_event(parley: Parley, calls: Calls) -> None:
    put(parley, "anna")

    parley.drain()

    [(_, event)] = calls
    [record] = event["Records"]
    change = record["dynamodb"]
    assert record["eventName"] == "INSERT"
    assert record["eventSource"] == "aws:dynamodb"
    assert record["eventSourceARN"].startswith(parley.template.resources["Items"].arn + "/stream/")
    assert change["Keys"] == {"owner": {"S": "anna"}, "seq": {"N": "1"}}
    assert change["NewImage"]["raw"] == {"B": "AP8="}
    assert change["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert isinstance(change["ApproximateCreationDateTime"], float | int)


def test_what_the_filter_does_not_let_through_never_invokes(parley: Parley, calls: Calls) -> None:
    put(parley, "anna", seq=0)  # filtered by key
    put(parley, "anna", seq=1)
    put(parley, "anna", seq=1)  # the same again is no change, and a change would be MODIFY: filtered by event name

    parley.drain()

    assert batches(calls) == [["anna"]]


def test_a_backlog_ends_with_the_batch_at_hand_when_everything_stops(parley: Parley, calls: Calls) -> None:
    [stream] = [each for each in parley.streams if each.name.startswith("OnItem")]
    for number in range(12):
        put(parley, f"o{number}")

    assert stream.poll(flush=False, stopped=lambda: bool(calls)) == 1

    assert len(batches(calls)) == 1
    assert parley.drain() == 2


def test_a_reported_failure_is_retried_from_that_record_on(parley: Parley, calls: Calls, poison: set[str]) -> None:
    poison.add("bad")
    for owner in ("a", "bad", "c"):
        put(parley, owner)

    parley.drain()

    assert batches(calls) == [["a", "bad", "c"], ["bad", "c"], ["bad", "c"]]
    [letter] = dead_letters(parley)
    assert letter["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert letter["requestContext"]["approximateInvokeCount"] == 3
    assert letter["DDBStreamBatchInfo"]["batchSize"] == 2


def test_a_function_that_raises_gets_ever_smaller_batches(parley: Parley, calls: Calls, poison: set[str]) -> None:
    poison.add("raise bad")
    for owner in ("a", "b", "bad", "d"):
        put(parley, owner)

    parley.drain()

    assert batches(calls) == [["a", "b", "bad", "d"], ["a", "b"], ["bad", "d"], ["bad"], ["bad"], ["bad"], ["d"]]
    assert [letter["DDBStreamBatchInfo"]["batchSize"] for letter in dead_letters(parley)] == [1]


def test_the_stream_goes_on_after_a_poison_record(parley: Parley, calls: Calls, poison: set[str]) -> None:
    poison.add("raise bad")
    put(parley, "bad")
    parley.drain()
    calls.clear()

    put(parley, "good")
    parley.drain()

    assert batches(calls) == [["good"]]
