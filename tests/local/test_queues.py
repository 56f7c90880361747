"""SQS queues to functions: batches, partial failures, redrive."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.template import TemplateError
from tests.harness import Parley

Calls = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def poison(parley: Parley) -> Iterator[set[str]]:
    from fixture_triggers.batch import poison  # on the path only once `parley` has put the fixture's code there

    yield poison
    poison.clear()


def send(parley: Parley, *bodies: str) -> None:
    for body in bodies:
        parley.store.client("sqs").send_message(
            QueueUrl=parley.template.resources["Jobs"].ref,
            MessageBody=body,
            MessageAttributes={"kind": {"DataType": "String", "StringValue": "test"}},
        )


def bodies(calls: Calls) -> list[list[str]]:
    return [[record["body"] for record in event["Records"]] for name, event in calls if name == "on_job"]


def left(parley: Parley, queue: str) -> list[str]:
    found = parley.store.client("sqs").receive_message(
        QueueUrl=parley.template.resources[queue].ref, MaxNumberOfMessages=10
    )
    return [message["Body"] for message in found.get("Messages", [])]


def test_messages_come_in_batches_and_are_deleted(parley: Parley, calls: Calls) -> None:
    send(parley, *"abcdefg")

    parley.drain()

    assert sorted(body for batch in bodies(calls) for body in batch) == list("abcdefg")
    assert max(len(batch) for batch in bodies(calls)) <= 5
    assert left(parley, "Jobs") == []


def test_a_record_has_the_shape_of_lambda_s_event(parley: Parley, calls: Calls) -> None:
    send(parley, "hello")

    parley.drain()

    [(_, event)] = calls
    [record] = event["Records"]
    assert set(record) == {
        "messageId", "receiptHandle", "body", "attributes", "messageAttributes", "md5OfBody", "eventSource",
        "eventSourceARN", "awsRegion",
    }  # fmt: skip
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == parley.template.resources["Jobs"].arn
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["messageAttributes"]["kind"] == {"stringValue": "test", "dataType": "String"}


def test_only_what_failed_comes_back_and_then_goes_to_the_dead_letters(
    parley: Parley, calls: Calls, poison: set[str]
) -> None:
    poison.add("bad")
    send(parley, "good", "bad")

    parley.drain()

    delivered = [body for batch in bodies(calls) for body in batch]
    assert delivered.count("good") == 1
    assert delivered.count("bad") == 3  # the queue's maxReceiveCount
    assert left(parley, "Dead") == ["bad"]


def test_a_function_that_fails_gets_the_whole_batch_again(parley: Parley, calls: Calls, poison: set[str]) -> None:
    send(parley, "a")
    with parley.kill(at=1):  # it makes no AWS call, so it does not die
        parley.drain()
    assert bodies(calls) == [["a"]]

    poison.add("a")
    send(parley, "a")
    queue = parley.queues[0]
    assert queue.poll(retry_at_once=True) == 1
    poison.clear()
    assert queue.poll(retry_at_once=True) == 1
    assert queue.poll() == 0


def test_a_visibility_timeout_below_the_function_s_timeout_is_refused(parley: Parley) -> None:
    from dataclasses import replace

    from local.queues import mappings

    jobs = parley.template.resources["Jobs"]
    short = replace(jobs, properties={**jobs.properties, "VisibilityTimeout": 1})
    template = replace(parley.template, resources={**parley.template.resources, "Jobs": short})

    with pytest.raises(TemplateError, match="visibility timeout"):
        mappings(template, parley.functions, parley.store)


def test_a_body_that_is_json_can_be_filtered(parley: Parley) -> None:
    from local.patterns import Filter

    only_red = Filter({"Filters": [{"Pattern": json.dumps({"body": {"colour": ["red"]}})}]})

    assert only_red.passes({"body": {"colour": "red"}})
    assert not only_red.passes({"body": "red"})
