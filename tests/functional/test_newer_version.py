"""Rows and queued messages of a newer version do not stop this one: a deployment can be taken back.

Every scenario of the kill tests is played twice: in peace, and with fields that this version does not know in all that
it reads. Answers, events and what is stored are the same.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.functional.kills.every import SCENARIOS
from tests.functional.kills.scenario import Scenario
from tests.functional.kills.stage import End, stage
from tests.harness import Call, Parley
from tests.harness.fixtures import System

ENGINES = ("ministack",)  # as the kill tests
UNKNOWN = "of_a_newer_version"
# Every kind of value, also those that this version never writes.
VALUES: tuple[dict[str, Any], ...] = (
    {"M": {"one": {"SS": ["a", "b"]}, "two": {"L": [{"NULL": True}, {"BOOL": False}]}}},
    {"N": "1.5"},
    {"B": b"\x00"},
    {"NS": ["1", "2"]},
)
RECORDS = (  # maps with fields
    "by_host", "by_self", "by_token", "change", "forwarded_from", "frozen", "identity", "last_message", "settings",
    "system",
)  # fmt: skip
MAPS_OF_RECORDS = ("asked", "connections")
EVENTS = Path(__file__).parents[2] / "events"


class Newer:
    """Adds what this version does not know to every row that a function reads and every message that one sends."""

    def __init__(self) -> None:
        self.rows = 0
        self.messages = 0

    def before(self, call: Call) -> None:
        match call.operation:
            case "SendMessage":
                self._add_to_message(call.params)
            case "SendMessageBatch":
                for entry in call.params["Entries"]:
                    self._add_to_message(entry)

    def after(self, call: Call) -> None:
        for row in rows_of(call):
            add_to(row)
            self.rows += 1

    def _add_to_message(self, message: dict[str, Any]) -> None:
        key = "MessageBody"
        message[key] = json.dumps(with_unknown(json.loads(message[key])))
        self.messages += 1


def rows_of(call: Call) -> list[dict[str, Any]]:
    """Returns the rows that DynamoDB has answered with."""
    if call.service != "dynamodb":
        return []
    single = [call.response[name] for name in ("Item", "Attributes") if call.response.get(name)]
    batch = call.response.get("Responses", {}) if call.operation == "BatchGetItem" else {}
    return [*call.response.get("Items", []), *single, *(row for rows in batch.values() for row in rows)]


def add_to(row: dict[str, Any]) -> None:
    """Adds fields of a newer version to a row, and to the records in it."""
    for number, value in enumerate(VALUES):
        row[f"{UNKNOWN}_{number}"] = value
    records = [row[name]["M"] for name in RECORDS if "M" in row.get(name, {})]
    for name in MAPS_OF_RECORDS:
        records += [one["M"] for one in row.get(name, {}).get("M", {}).values() if "M" in one]
    for rule in row.get("rules", {}).get("L", []):  # of the list of banned words
        rule["L"].append({"S": "new"})
    for record in records:
        record[UNKNOWN] = {"S": "new"}


def with_unknown(body: Any) -> Any:
    """Returns a message with a field of a newer version in each of its objects."""
    if isinstance(body, dict):
        return {UNKNOWN: {"new": [1]}, **{name: with_unknown(value) for name, value in body.items()}}
    return body


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_fields_of_a_newer_version_change_nothing(system: System, scenario: Scenario) -> None:
    found, expected, _ = played(system, scenario)

    assert found == expected


def played(system: System, scenario: Scenario) -> tuple[End, End, Newer]:
    """Returns how a scenario ends with fields of a newer version, and in peace."""
    newer = Newer()
    with stage(system, scenario) as staged:
        expected, _ = staged.in_peace()

        staged.reset()
        staged.world.parley.hooks.append(newer)
        found = staged.end(scenario.act(staged.world))
        staged.world.parley.hooks.remove(newer)
    return found, expected, newer


def test_both_rows_and_messages_carry_such_fields(system: System) -> None:
    scenario = next(one for one in SCENARIOS if one.variant == "slow and gone devices")
    _, _, newer = played(system, scenario)

    assert newer.rows and newer.messages


@pytest.mark.parametrize("event", sorted((EVENTS / "streams").glob("*.json")), ids=lambda path: path.stem)
def test_a_row_of_a_newer_version_passes_through_the_stream(parley: Parley, event: Path) -> None:
    function = "".join(word.title() for word in event.stem.partition(".")[0].split("_"))
    records = json.loads(event.read_text(encoding="utf-8"))
    for record in records["Records"]:
        image = record["dynamodb"]["NewImage"]
        add_to(image)
        image[f"{UNKNOWN}_2"] = {"B": "AA=="}  # base64, as Lambda hands it over

    assert parley.functions.invoke(function, records)["batchItemFailures"] == []


@pytest.mark.parametrize("event", sorted((EVENTS / "queues").glob("*.json")), ids=lambda path: path.stem)
def test_a_message_of_a_newer_version_is_no_dead_letter(parley: Parley, event: Path) -> None:
    function = "".join(word.title() for word in event.stem.partition(".")[0].split("_"))
    records = json.loads(event.read_text(encoding="utf-8"))
    for record in records["Records"]:
        record["body"] = json.dumps(with_unknown(json.loads(record["body"])))

    assert parley.functions.invoke(function, records)["batchItemFailures"] == []
