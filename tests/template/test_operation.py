"""`make operation`: what it writes for a new operation is whole, and only the operation itself is missing."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from local.template import Template, load
from tests.harness import Socket, User
from tools import operation
from tools.operation import Operation, Refused

ROOT = Path(__file__).parents[2]
ROUTE = Operation.of("list_links", "GET /conversations/{conversation_id}/links", "messages.links")
CHANGE = Operation.of("set_link", "PUT /messages/{message_id}/pin/{emoji}", "messages.changes")
ACTION = Operation.of("typing_pause", "typing_pause {conversation_id}", "live.open_conversations")
OWN = Operation.of("list_tasks", "GET /me/tasks", "messages.tasks")  # about no conversation
MAKE = Operation.of("create_task", "POST /me/tasks", "messages.tasks")
NEW = (ROUTE, CHANGE, ACTION, OWN, MAKE)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a copy of the repository in which each of `NEW` has been written."""
    copy = tmp_path_factory.mktemp("tree")
    for name in ("functions", "layers", "events", "stacks", "tests/functional", "tests/harness"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("template.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, copy)
    for each in NEW:
        operation.write(each, copy)
    return copy


@pytest.mark.parametrize("new", NEW, ids=lambda new: new.name)
def test_everything_of_an_operation_is_written(tree: Path, new: Operation) -> None:
    function = loaded(tree).resources[new.logical_id].properties

    assert function["Handler"] == f"{new.kind}.{new.name}.handler"
    for path in (f"events/{new.kind}/{new.name}.json", f"tests/functional/{new.kind}/test_{new.name}.py"):
        assert (tree / path).exists(), path


def test_a_route_and_an_action_are_called_by_the_gateway(tree: Path) -> None:
    template = loaded(tree)
    [api] = template.of_type("AWS::ApiGateway::RestApi")
    paths: dict[str, Any] = api.properties["Body"]["paths"]

    assert "get" in paths["/conversations/{conversation_id}/links"]
    assert "put" in paths["/messages/{message_id}/pin/{emoji}"]
    assert "typing_pause" in {one.properties["RouteKey"] for one in template.of_type("AWS::ApiGatewayV2::Route")}


def test_what_is_written_can_be_formatted_linted_and_imported(tree: Path) -> None:
    ruff = [sys.executable, "-m", "ruff"]
    linted = subprocess.run(
        [*ruff, "check", "--quiet", "--fix", "functions", "layers", "tests"], cwd=tree, capture_output=True, text=True
    )
    assert (linted.returncode, linted.stdout) == (0, "")
    subprocess.run([*ruff, "format", "--quiet", "functions", "layers", "tests"], cwd=tree, check=True)
    code = "\n".join(f"compile(open('functions/{new.kind}/{new.name}.py').read(), 'h', 'exec')" for new in NEW)
    actions = "import parley.actions.messages.links as links; links.list_links(None, 'd', None)"

    subprocess.run([sys.executable, "-c", code], cwd=tree, check=True)
    called = subprocess.run(
        [sys.executable, "-c", actions], cwd=tree / "layers" / "shared", capture_output=True, text=True, check=False
    )

    assert called.stderr.strip().endswith("NotImplementedError")


def test_a_list_comes_in_pages() -> None:
    handler = operation.handler_text(ROUTE)

    assert handler.startswith('"""GET /conversations/{conversation_id}/links?cursor=&limit=: ')
    assert "200, 400, 404." in handler
    assert "@operation(query=Page)" in handler
    assert "-> Reply[links.LinkList]:" in handler
    assert "    next: str | None" in operation.action_text(ROUTE, "")


def test_a_first_test_uses_what_the_harness_has() -> None:
    action, route = operation.test_text(ACTION), operation.test_text(ROUTE)

    assert hasattr(User, "connect") and hasattr(Socket, "request")
    assert 'bob.connect().request("typing_pause", {"conversation_id": direct})' in action
    assert 'reply["type"] == "ack"' in action
    assert "reply.status == 200" in route


@pytest.mark.parametrize(
    ("name", "route", "action"),
    [
        ("List", "GET /links", "messages.links"),
        ("list_links", "FETCH /links", "messages.links"),
        ("list_links", "GET links", "messages.links"),
        ("list_links", "GET /links", "links"),
        ("pause", "stop {conversation_id}", "live.open_conversations"),
    ],
)
def test_a_wrong_argument_is_named(name: str, route: str, action: str) -> None:
    with pytest.raises(Refused, match="NAME=|ROUTE=|ACTION="):
        Operation.of(name, route, action)


def test_an_operation_that_is_there_is_not_written_over(tree: Path) -> None:
    with pytest.raises(Refused, match="list_links.py is there already"):
        operation.write(ROUTE, tree)


def test_an_area_without_functions_is_refused(tree: Path) -> None:
    with pytest.raises(Refused, match="no stacks/weather.yaml"):
        operation.write(Operation.of("list_winds", "GET /winds", "weather.winds"), tree)


def loaded(tree: Path) -> Template:
    return load(tree / "template.yaml")
