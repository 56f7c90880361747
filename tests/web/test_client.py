"""The web client in Node, with real sockets, against the stack that `make run` starts."""

import json
import os
import re
import subprocess
import time
from pathlib import Path

import pytest

from tests.contracts.tools import PYTHON
from tests.e2e.stack import PATIENCE_S, Stack, running
from tests.web.tools import NODE_TESTS, WEB, node

PEOPLE = ("alice", "bob", "carol", "dave", "erin", "frank", "grace")


def addresses(stack: Stack, names: tuple[str, ...]) -> dict[str, str]:
    """Returns the environment variables of live tests: the stack's addresses, and new people's ids and tokens."""
    people = {name: stack.person(name) for name in names}
    tokens = {name: {"id": one.user_id, "name": name.title(), "token": one.token} for name, one in people.items()}
    return {
        "PARLEY_URL": stack.rest_url,
        "PARLEY_SOCKET_URL": stack.websocket_url,
        "PARLEY_TOKENS": json.dumps(tokens),
    }


@pytest.mark.parametrize("name", ["client", "tabs", "calls"])
def test_clients_of_real_people_understand_each_other(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(tmp_path) as stack:
        for variable, value in addresses(stack, PEOPLE).items():
            monkeypatch.setitem(os.environ, variable, value)
        assert "# fail 0" in node("--test", "--test-reporter=tap", NODE_TESTS / "live" / f"{name}.test.js")


def test_the_program_of_the_guide_answers_each_message(tmp_path: Path) -> None:
    guide = (WEB.parent / "docs" / "guides" / "web.md").read_text(encoding="utf-8")
    program = re.search(r"```js\n// echo.mjs\n(.*?)```", guide, re.DOTALL)
    assert program
    (tmp_path / "echo.mjs").write_text(program[1], encoding="utf-8")
    (tmp_path / "web").symlink_to(WEB)
    with running(tmp_path / "state") as stack:
        echo, alice = stack.person("echo"), stack.person("alice")
        conversation = alice.opens(echo)
        variables = {"URL": stack.rest_url, "WS_URL": stack.websocket_url, "TOKEN": echo.token}
        command = [PYTHON / "node", tmp_path / "echo.mjs"]
        with subprocess.Popen(command, env={**os.environ, **variables}, stdout=subprocess.PIPE, text=True) as child:
            try:
                assert child.stdout and child.stdout.readline() == "Echo has 0 unread messages\n"
                alice.post(f"/conversations/{conversation}/messages", text="Hello")
                end = time.monotonic() + PATIENCE_S
                while len(said := alice.get(f"/conversations/{conversation}/messages")["messages"]) < 2:
                    assert time.monotonic() < end, said
                    time.sleep(0.1)
                assert said[1]["text"] == "You said: Hello"
            finally:
                child.kill()
