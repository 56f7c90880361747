"""Random histories of the web client's devices, with real sockets, against the stack that `make run` starts."""

import os
from pathlib import Path

import pytest

from tests.e2e.stack import running
from tests.web.test_client import addresses
from tests.web.tools import NODE_TESTS, node

SEEDS = 2  # each has people of its own


def test_every_device_has_what_a_fresh_read_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people = tuple(f"{letter}{number}" for number in range(SEEDS) for letter in "abc")
    with running(tmp_path) as stack:
        for variable, value in addresses(stack, people).items():
            monkeypatch.setitem(os.environ, variable, value)
        assert "# fail 0" in node("--test", "--test-reporter=tap", NODE_TESTS / "live" / "histories.test.js")
