"""One operation has one name, and it stands in five places: file, Handler, logical id, functional test and event."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).parents[2]
KINDS = ("rest", "websocket", "scheduled", "streams", "queues")


class Operation(NamedTuple):
    kind: str
    name: str

    @property
    def logical_id(self) -> str:
        """Returns the name in the template; `On` keeps WebSocket's send_message apart from REST's."""
        prefix = "On" if self.kind == "websocket" else ""
        return prefix + self.name.title().replace("_", "")

    @property
    def handler(self) -> str:
        return f"{self.kind}.{self.name}.handler"


@cache
def handlers_by_logical_id() -> dict[str, str]:
    resources = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))["Resources"]
    return {
        logical_id: resource["Properties"]["Handler"]
        for logical_id, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def in_tree(folder: str, prefix: str, suffix: str) -> set[Operation]:
    """Returns the operations that the files of `folder` are named for, one subfolder per kind."""
    return {
        Operation(path.parent.name, path.name.removeprefix(prefix).removesuffix(suffix))
        for path in (ROOT / folder).glob(f"*/{prefix}*{suffix}")
        if path.name != "__init__.py"
    }


def in_template() -> set[Operation]:
    return {Operation(*handler.split(".")[:2]) for handler in handlers_by_logical_id().values()}


PLACES = {
    "functions/{kind}/{name}.py": in_tree("functions", "", ".py"),
    "Handler {kind}.{name}.handler in template.yaml": in_template(),
    "tests/functional/{kind}/test_{name}.py": in_tree("tests/functional", "test_", ".py"),
    "events/{kind}/{name}.json": in_tree("events", "", ".json"),
}
OPERATIONS = sorted(set().union(*PLACES.values()))


@pytest.mark.parametrize("operation", OPERATIONS, ids="/".join)
def test_an_operation_stands_in_every_place_under_its_name(operation: Operation) -> None:
    missing = [place.format(**operation._asdict()) for place, there in PLACES.items() if operation not in there]

    assert missing == []
    assert handlers_by_logical_id().get(operation.logical_id) == operation.handler


def test_every_kind_has_operations_and_no_operation_a_kind_of_its_own() -> None:
    assert {operation.kind for operation in OPERATIONS} == set(KINDS)


def test_two_functions_never_share_a_handler() -> None:
    handlers = list(handlers_by_logical_id().values())

    assert sorted(handlers) == sorted(set(handlers))
