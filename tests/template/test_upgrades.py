"""The last release's stack becomes this one in one update, and nothing that it holds is lost."""

import json
import re
import subprocess
import tomllib
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from functools import cache

import pytest

from local.template import Document, Template, load
from parley.domain.release import VERSION
from tests.template.upgrades import LASTING, RELEASES, ROOT, last_release, refusals, version

TEMPLATE = ROOT / "template.yaml"
CREATE_ONLY = """
import json, sys
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER as schemas
found = {}
for kind in sys.argv[1:]:
    schema = schemas.get_resource_schema("us-east-1", kind).schema
    listed = schema.get("createOnlyProperties", []) + schema.get("conditionalCreateOnlyProperties", [])
    found[kind] = [each.split("/")[-1] for each in listed]
print(json.dumps(found))
"""


def test_the_last_releases_stack_can_be_updated_to_this_one() -> None:
    assert refusals(load(last_release() / "template.yaml"), current()) == []


def test_the_stream_is_read_on_from_where_the_last_release_stopped() -> None:
    # A mapping with another logical id is a new one: it begins at TRIM_HORIZON, so an hour of messages comes again.
    before, now = stream_mappings(load(last_release() / "template.yaml")), stream_mappings(current())

    # That is what the one that counts shall do: nothing was counted before, and its marks let nothing count twice.
    assert now - before == {"CountFiguresMessages"} and now & before


def stream_mappings(template: Template) -> set[str]:
    mappings = template.of_type("AWS::Lambda::EventSourceMapping")
    return {mapping.logical_id for mapping in mappings if "StartingPosition" in mapping.properties}


def test_what_has_a_replacing_property_is_known_from_cloudformations_own_schemas() -> None:
    kinds = [kind for kind in LASTING if kind != "AWS::Lambda::LayerVersion"]
    python = ROOT / ".venv-sam" / "bin" / "python"
    said = subprocess.run([python, "-c", CREATE_ONLY, *kinds], capture_output=True, text=True, check=True, timeout=60)

    for kind, replacing in json.loads(said.stdout).items():
        assert set(replacing) <= set(LASTING[kind]), kind


# --- what is refused -------------------------------------------------------------------------------------------------

READ_SEQ = {"AttributeName": "read_seq", "AttributeType": "N"}


@cache
def current() -> Template:
    return load(TEMPLATE)


def edited(logical_id: str, edit: Callable[[Document], object]) -> Template:
    """Returns the template with one of its resources edited."""
    resources = deepcopy(dict(current().resources))
    edit(resources[logical_id].properties)
    return replace(current(), resources=resources)


def add_indexes(*names: str) -> Callable[[Document], None]:
    def edit(table: Document) -> None:
        table["AttributeDefinitions"].append(READ_SEQ)
        for name in names:
            key = [{"AttributeName": "read_seq", "KeyType": "HASH"}]
            index = {"IndexName": name, "KeySchema": key, "Projection": {"ProjectionType": "KEYS_ONLY"}}
            table.setdefault("GlobalSecondaryIndexes", []).append(index)

    return edit


def rename_index(table: Document) -> None:
    table["GlobalSecondaryIndexes"][0]["IndexName"] = "by_rank"


def project_more(table: Document) -> None:
    table["GlobalSecondaryIndexes"][0]["Projection"]["NonKeyAttributes"].append("pinned_at_ms")


def change_type(table: Document) -> None:
    next(one for one in table["AttributeDefinitions"] if one["AttributeName"] == "active_hour")["AttributeType"] = "S"


REFUSED = {
    "key": (
        "Receipts",
        lambda table: table["KeySchema"].reverse(),
        "Receipts: another KeySchema replaces it by an empty one",
    ),
    "local index": (
        "Blocks",
        lambda table: table["LocalSecondaryIndexes"][0].update(IndexName="by_day"),
        "Blocks: another LocalSecondaryIndexes replaces it by an empty one",
    ),
    "name": (
        "Receipts",
        lambda table: table.update(TableName="receipts"),
        "Receipts: another TableName replaces it by an empty one",
    ),
    "queue's name": (
        "StreamDeadLetters",
        lambda queue: queue.update(QueueName="dead"),
        "StreamDeadLetters: another QueueName replaces it by an empty one",
    ),
    "two indexes more": (
        "Receipts",
        add_indexes("by_one", "by_two"),
        "Receipts: by_one, by_two are 2 steps, and DynamoDB makes or drops one index an update",
    ),
    "one index more and one less": (
        "Users",
        rename_index,
        "Users: by_rank, by_role are 2 steps, and DynamoDB makes or drops one index an update",
    ),
    "projection": (
        "Memberships",
        project_more,
        "Memberships: the index by_activity cannot change; make one of another name, and drop it a release later",
    ),
    "type of a key": ("Memberships", change_type, "Memberships: the key active_hour cannot change its type"),
    "stream": (
        "Messages",
        lambda table: table["StreamSpecification"].update(StreamViewType="NEW_IMAGE"),
        "Messages: the stream cannot change while it is on; switch it off in a release before",
    ),
    "time to live": (
        "Typing",
        lambda table: table["TimeToLiveSpecification"].update(AttributeName="ends_at_s"),
        "Typing: the time to live cannot change while it is on; switch it off in a release before",
    ),
}


@pytest.mark.parametrize(("resource", "edit", "refused"), REFUSED.values(), ids=REFUSED)
def test_what_would_fail_or_lose_rows_is_refused(
    resource: str, edit: Callable[[Document], object], refused: str
) -> None:
    assert refusals(current(), edited(resource, edit)) == [refused]


def test_one_index_more_or_less_is_one_update() -> None:
    more = edited("Receipts", add_indexes("by_one"))

    assert refusals(current(), more) == refusals(more, current()) == []


@pytest.mark.parametrize(
    "resource",
    ["Receipts", "Attachments", "Deliveries", "JwtSecret", "WebSocketApi", "RestApi", "Shared", "Media", "RestLogs"],
)
def test_another_logical_id_is_refused(resource: str) -> None:
    renamed = {
        name.replace(resource, "AnotherName"): replace(each, logical_id=name.replace(resource, "AnotherName"))
        for name, each in current().resources.items()
    }

    assert f"{resource} is gone: under another logical id it would be made anew, empty" in refusals(
        current(), replace(current(), resources=renamed)
    )


def test_what_is_retired_may_go() -> None:
    without = {name: each for name, each in current().resources.items() if name != "Receipts"}

    assert refusals(current(), replace(current(), resources=without), retired=frozenset({"Receipts"})) == []


def test_a_function_that_moves_to_another_stack_is_refused() -> None:
    moved = replace(current().resources["SendMessage"], stack="LiveStack")
    after = replace(current(), resources={**current().resources, "SendMessage": moved})

    assert refusals(current(), after) == [
        "SendMessage moves to another stack, and its name is taken until the old one goes"
    ]


def test_a_parameter_and_an_output_that_are_gone_are_refused() -> None:
    parameters = {name: value for name, value in current().parameters.items() if name != "LogLevel"}
    outputs = {name: value for name, value in current().outputs.items() if name != "DashboardUrl"}

    assert refusals(current(), replace(current(), parameters=parameters, outputs=outputs)) == [
        "the parameter LogLevel is gone: CloudFormation refuses a deployment that still gives it",
        "the output DashboardUrl is gone: scripts may read it",
    ]


# --- versions --------------------------------------------------------------------------------------------------------


def test_every_place_that_names_the_version_names_the_same() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    told = re.findall(r"(?m)^## (\d+\.\d+\.\d+)", changelog)

    assert project["version"] == VERSION == told[0]
    assert version(VERSION) >= version(last_release().name)
    assert sorted(told, key=version, reverse=True) == told
    assert {folder.name for folder in RELEASES.iterdir()} <= set(told)
