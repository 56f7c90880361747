"""Schedules: when they run, what the function gets, and what becomes of one that fails."""

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from local import schedules
from local.template import TemplateError
from tests.harness import Parley

ENGINES = ("moto",)
Calls = list[tuple[str, dict[str, Any]]]
SATURDAY = datetime(2026, 11, 21, 8, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "due"),
    [
        ("rate(1 minute)", "2026-11-21T08:31:15"),
        ("rate(5 minutes)", "2026-11-21T08:35:15"),
        ("rate(1 hour)", "2026-11-21T09:30:15"),
        ("rate(2 days)", "2026-11-23T08:30:15"),
        ("cron(0/15 * * * ? *)", "2026-11-21T08:45:00"),
        ("cron(* * * * ? *)", "2026-11-21T08:31:00"),
        ("cron(30 3 * * ? *)", "2026-11-22T03:30:00"),
        ("cron(0 18 ? * MON-FRI *)", "2026-11-23T18:00:00"),
        ("cron(0 8,20 ? * 7 *)", "2026-11-21T20:00:00"),
        ("cron(0 0 1 * ? *)", "2026-12-01T00:00:00"),
        ("cron(0 0 L * ? *)", "2026-11-30T00:00:00"),
        ("cron(0 0 ? * L *)", "2026-11-28T00:00:00"),
        ("cron(0 0 ? * 2#1 *)", "2026-12-07T00:00:00"),
        ("cron(0 0 ? * 6L *)", "2026-11-27T00:00:00"),
        ("cron(0 0 1W 8 ? 2027)", "2027-08-02T00:00:00"),
        ("cron(0 0 28W * ? *)", "2026-11-27T00:00:00"),
        ("cron(0 0 29 FEB ? *)", "2028-02-29T00:00:00"),
        ("at(2027-01-01T12:00:00)", "2027-01-01T12:00:00"),
    ],
)
def test_when_a_schedule_runs_next(expression: str, due: str) -> None:
    assert schedules.parse(expression).after(SATURDAY) == datetime.fromisoformat(due).replace(tzinfo=UTC)


@pytest.mark.parametrize("expression", ["cron(0 0 1 1 ? 2020)", "at(2020-01-01T00:00:00)"])
def test_what_is_past_never_runs_again(expression: str) -> None:
    assert schedules.parse(expression).after(SATURDAY) is None


@pytest.mark.parametrize(
    "expression",
    [
        "", "daily", "rate(0 minutes)", "rate(1 minutes)", "rate(2 minute)", "rate(1 year)", "cron(* * * * *)",
        "cron(* * * * * *)", "cron(* * ? * ? *)", "cron(60 * * * ? *)", "cron(* * * 13 ? *)", "at(noon)",
    ],
)  # fmt: skip
def test_what_is_no_schedule_is_an_error_of_the_template(expression: str) -> None:
    with pytest.raises(TemplateError):
        schedules.parse(expression)


def test_scheduler_knows_time_zones() -> None:
    nine_in_berlin = schedules.parse("cron(0 9 * * ? *)", ZoneInfo("Europe/Berlin"))

    assert nine_in_berlin.after(SATURDAY) == datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
    assert nine_in_berlin.after(datetime(2026, 7, 1, 12, 0, tzinfo=UTC)) == datetime(2026, 7, 2, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("function", "source", "detail"),
    [("Nightly", "aws.events", {}), ("EveryMinute", "aws.scheduler", "{}")],
    ids=["rule", "scheduler"],
)
def test_the_event_is_the_scheduled_event(
    parley: Parley, calls: Calls, function: str, source: str, detail: object
) -> None:
    parley.run_schedule(function)

    [(_, event)] = calls
    assert event["detail-type"] == "Scheduled Event"
    assert (event["source"], event["detail"]) == (source, detail)
    moment = datetime.fromtimestamp(parley.clock() // 1000, UTC)
    assert event["time"] == moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert event["account"] == "123456789012"
    assert event["region"] == "us-east-1"
    assert event["resources"][0].startswith(f"arn:aws:{source.split('.')[1]}:us-east-1:123456789012:")


def test_a_schedule_s_own_input_replaces_the_event(parley: Parley, calls: Calls) -> None:
    from dataclasses import replace

    [schedule] = [each for each in parley.schedules if each.function == "EveryMinute"]
    given = replace(schedule, given_input=json.dumps({"at": "<aws.scheduler.scheduled-time>"}))

    given.run(parley.functions, parley.store, SATURDAY)

    assert calls == [("on_time", {"at": "2026-11-21T08:30:15Z"})]


def test_a_failing_function_is_tried_three_times_and_then_noted(parley: Parley) -> None:
    from dataclasses import replace

    dead = parley.template.resources["Dead"]
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return True

    schedule = replace(
        parley.schedules[0], function="OnJob", dead_letters_url=dead.ref
    )  # it needs Records, so it fails

    schedule.run(parley.functions, parley.store, SATURDAY, wait)

    assert waits == [60, 120]
    [message] = parley.store.client("sqs").receive_message(QueueUrl=dead.ref)["Messages"]
    note = json.loads(message["Body"])
    assert note["requestContext"]["condition"] == "RetriesExhausted"
    assert note["requestContext"]["approximateInvokeCount"] == 3
    assert note["requestPayload"]["detail-type"] == "Scheduled Event"
