"""The web client in Node, with real sockets, against the stack that `make run` starts."""

import json
import os
from pathlib import Path

import pytest

from tests.e2e.stack import Stack, running
from tests.web.tools import NODE_TESTS, node

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


@pytest.mark.parametrize("name", ["client", "tabs"])
def test_clients_of_real_people_understand_each_other(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(tmp_path) as stack:
        for variable, value in addresses(stack, PEOPLE).items():
            monkeypatch.setitem(os.environ, variable, value)
        assert "# fail 0" in node("--test", "--test-reporter=tap", NODE_TESTS / "live" / f"{name}.test.js")
