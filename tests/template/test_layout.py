"""One operation has one name in six places: file, Handler, logical id, functional test, event and action."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.template import source

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
    return {logical_id: properties["Handler"] for logical_id, properties in source.functions()}


def in_tree(folder: str, prefix: str, suffix: str) -> set[Operation]:
    """Returns the operations that the files of `folder` are named for, one subfolder per kind."""
    return {
        # `scan_attachment.guardduty.json` is another event of the same function.
        Operation(path.parent.name, path.name.removeprefix(prefix).removesuffix(suffix).partition(".")[0])
        for path in (ROOT / folder).glob(f"*/{prefix}*{suffix}")
        if path.name != "__init__.py"
    }


def in_template() -> set[Operation]:
    return {Operation(*handler.split(".")[:2]) for handler in handlers_by_logical_id().values()}


PLACES = {
    "functions/{kind}/{name}.py": in_tree("functions", "", ".py"),
    "Handler {kind}.{name}.handler in stacks/": in_template(),
    "tests/functional/{kind}/test_{name}.py": in_tree("tests/functional", "test_", ".py"),
    "events/{kind}/{name}.json": in_tree("events", "", ".json"),
}
OPERATIONS = sorted(set().union(*PLACES.values()))


@pytest.mark.parametrize("operation", OPERATIONS, ids="/".join)
def test_an_operation_stands_in_every_place_under_its_name(operation: Operation) -> None:
    missing = [place.format(**operation._asdict()) for place, there in PLACES.items() if operation not in there]

    assert not missing, f"{operation.name} is missing in {'; '.join(missing)} (make operation writes all places)"
    assert handlers_by_logical_id().get(operation.logical_id) == operation.handler


def test_every_kind_has_operations_and_no_operation_a_kind_of_its_own() -> None:
    assert {operation.kind for operation in OPERATIONS} == set(KINDS)


def test_two_functions_never_share_a_handler() -> None:
    handlers = list(handlers_by_logical_id().values())

    assert sorted(handlers) == sorted(set(handlers))


# Two APIs that Parley replaces fixed both words, so the operation keeps them; one action serves both.
OTHER_WORD = {Operation("websocket", "request_user_status"): "get_presence"}
# The stream has one reader, which starts all the work that follows.
OTHER_PARTS = {
    Operation("scheduled", "sweep_tickets"): {"sweep_articles"},
    Operation("streams", "start_fan_out"): {
        "attempts_of",
        "closings_of",
        "events_of",
        "looks_of",
        "occasions_of",
        "queue_attempts",
        "queue_closings",
        "queue_events",
        "queue_looks",
        "queue_occasions",
        "start_attachment_steps",
        "start_ticket_follow_up",
        "start_user_update",
    },
    Operation("queues", "decide_notifications"): {"put_back", "queueing"},
    Operation("scheduled", "clear_stale_presence"): {"look_after_waiting_tickets"},
}
NO_ACTION = {Operation("websocket", "default")}  # it refuses what names no action


def actions_of(operation: Operation) -> Iterator[str]:
    """Yields the functions of `parley.actions` that a handler names; a class or a constant of an action is none."""
    tree = ast.parse((ROOT / "functions" / operation.kind / f"{operation.name}.py").read_text(encoding="utf-8"))
    imported = {
        alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("parley.actions")
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in imported:
            yield node.attr
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in imported:
            yield node.func.id


@pytest.mark.parametrize("operation", sorted(set(OPERATIONS) - NO_ACTION), ids="/".join)
def test_an_action_has_the_name_of_its_operation(operation: Operation) -> None:
    name = OTHER_WORD.get(operation, operation.name)

    called = {action for action in actions_of(operation) if action.islower()}

    assert name in called
    others = {action for action in called if action != name and not action.startswith(f"{name}_by_")}
    assert others == OTHER_PARTS.get(operation, set())
