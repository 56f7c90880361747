"""The stream's reader and the schedules of template.yaml."""

import json
import re

from local.template import Resource
from tests.template.deployed import FUNCTIONS, ROOT, deployed, kind_of, of_type


def test_operating_counts_the_sweeps_of_every_minute() -> None:
    sweeps = [name for name in FUNCTIONS if kind_of(name) == "scheduled"]
    page = (ROOT / "docs" / "operate" / "costs.md").read_text(encoding="utf-8")
    [told] = re.findall(r"the (\w+) sweeps that run every minute", page)
    [metrics] = re.findall(r"The sweeps' (\w+) custom metrics", page)

    numbers = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight"]
    assert numbers.index(told) == len(sweeps)
    assert numbers.index(metrics) == len(sweeps)  # `Swept` of each


def readers_of_the_stream() -> dict[str, Resource]:
    """Returns the mappings from the stream of messages, by the function that reads it."""
    mappings = [m for m in of_type("AWS::Lambda::EventSourceMapping") if "StartingPosition" in m.properties]
    return {deployed().by_arn(mapping.properties["FunctionName"]).logical_id: mapping for mapping in mappings}


def test_the_stream_has_no_more_readers_than_it_bears() -> None:
    # No more than two at a shard, or they throttle (DynamoDB developer guide, "Change data capture"). Both are ours, so
    # an application reads what Kinesis gets of the table (D-550).
    assert set(readers_of_the_stream()) == {"StartFanOut", "CountFigures"}


def test_the_stream_gives_up_a_poisoned_record_and_not_its_shard() -> None:
    properties = readers_of_the_stream()["StartFanOut"].properties

    assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert properties["BisectBatchOnFunctionError"] is True
    assert 0 < properties["MaximumRetryAttempts"] < 10
    assert 0 < properties["MaximumRecordAgeInSeconds"] < 86_400
    assert properties["DestinationConfig"]["OnFailure"]["Destination"] == deployed().resources["StreamDeadLetters"].arn


def test_the_counting_reader_gives_up_late_and_waits_less_than_five_seconds() -> None:
    properties = readers_of_the_stream()["CountFigures"].properties

    # A count that is given up is lost, so it is tried for hours; a batch that fails is never poisoned by one record.
    assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert properties["BisectBatchOnFunctionError"] is True
    assert 10 <= properties["MaximumRetryAttempts"] <= 1000
    assert 3600 <= properties["MaximumRecordAgeInSeconds"] < 86_400
    assert properties["DestinationConfig"]["OnFailure"]["Destination"] == deployed().resources["StreamDeadLetters"].arn
    assert properties["MaximumBatchingWindowInSeconds"] <= 3
    # Without it Lambda names no shard, and two batches of a shard at once would have no order.
    assert properties["TumblingWindowInSeconds"] > 0
    assert "ParallelizationFactor" not in properties


def test_the_counting_reader_gets_messages_and_what_happens_to_tickets() -> None:
    patterns = readers_of_the_stream()["CountFigures"].properties["FilterCriteria"]["Filters"]

    there: list[object] = [{"exists": True}]
    wanted: list[tuple[str, list[object]]] = [("kind", there), ("outbox", ["ticket", "ticket_import"])]
    assert [json.loads(pattern["Pattern"]) for pattern in patterns] == [
        {"eventName": ["INSERT"], "dynamodb": {"NewImage": {attribute: {"S": values}}}} for attribute, values in wanted
    ]


def test_the_reader_of_the_stream_gets_messages_and_what_leaves_something_to_do() -> None:
    patterns = readers_of_the_stream()["StartFanOut"].properties["FilterCriteria"]["Filters"]

    there: list[object] = [{"exists": True}]
    # A person's entry of the outbox replaces the one before.
    wanted: list[tuple[str, object, list[str]]] = [
        ("kind", {"S": there}, ["INSERT"]),
        ("change", {"M": {"kind": {"S": there}}}, ["INSERT"]),
        ("outbox", {"S": ["attachments_released", "user_updated"]}, ["INSERT", "MODIFY"]),
        ("outbox", {"S": ["attachment", "call", "moderation", "report", "ticket"]}, ["INSERT"]),
    ]
    assert [json.loads(pattern["Pattern"]) for pattern in patterns] == [
        {"eventName": events, "dynamodb": {"NewImage": {attribute: value}}} for attribute, value, events in wanted
    ]


def test_schedules_run_every_minute_and_keep_what_failed() -> None:
    rules = [rule for rule in of_type("AWS::Events::Rule") if "EventPattern" not in rule.properties]
    dead_letters = deployed().resources["ScheduleDeadLetters"].arn

    assert {rule.properties["ScheduleExpression"] for rule in rules} == {"rate(1 minute)"}
    assert {deployed().by_arn(target["Arn"]).logical_id for rule in rules for target in rule.properties["Targets"]} == {
        name for name in FUNCTIONS if kind_of(name) == "scheduled"
    }
    for rule in rules:
        [target] = rule.properties["Targets"]
        assert target["DeadLetterConfig"] == {"Arn": dead_letters}
        assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] == 60
    for config in of_type("AWS::Lambda::EventInvokeConfig"):
        assert config.properties["MaximumRetryAttempts"] == 0
        assert config.properties["DestinationConfig"]["OnFailure"]["Destination"] == dead_letters
