"""The façades for the old systems' own code, with real sockets, against the stack that `make run` starts."""

import json
import os
from pathlib import Path

import pytest

from tests.e2e.stack import running
from tests.web.test_client import PEOPLE, addresses
from tests.web.tools import NODE_TESTS, node


def test_the_old_systems_snippets_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(tmp_path) as stack:
        variables = addresses(stack, PEOPLE)
        tokens = json.loads(variables["PARLEY_TOKENS"])
        for name, role in {"buyer": "customer", "creator": "creator"}.items():
            person = stack.person(name, role=role, contexts={"pattern": ["shawl"]})
            tokens[name] = {"id": person.user_id, "name": name.title(), "token": person.token}
        for variable, value in {**variables, "PARLEY_TOKENS": json.dumps(tokens)}.items():
            monkeypatch.setitem(os.environ, variable, value)
        assert "# fail 0" in node("--test", "--test-reporter=tap", NODE_TESTS / "live" / "compat.test.js")
