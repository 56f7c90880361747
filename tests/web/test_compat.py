"""The façades for the old systems' own code, and the guide's examples of them and of the React hooks.

They run in Node, with real sockets, against the stack that `make run` starts.
"""

import json
import os
import re
from pathlib import Path

import pytest

from tests.e2e.stack import running
from tests.web.test_client import PEOPLE, addresses
from tests.web.tools import NODE_TESTS, WEB, node, tool

EXAMPLES = ("inbox.jsx", "panel.js", "messaging.jsx")


def examples(folder: Path) -> None:
    """Makes modules of the guide's examples that Node runs, with the package and React where they import them from."""
    guide = (WEB.parent / "docs" / "guides" / "web.md").read_text(encoding="utf-8")
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / "parley-web").symlink_to(WEB)
    (folder / "node_modules" / "react").symlink_to(WEB / "node_modules" / "react")
    (folder / "store.js").write_text("export const { store } = globalThis.example;", encoding="utf-8")
    for name in EXAMPLES:
        found = re.search(rf"```jsx?\n// {re.escape(name)}\n(.*?)```", guide, re.DOTALL)
        assert found, name
        (folder / name).write_text(found[1], encoding="utf-8")
        tool("esbuild", folder / name, "--format=esm", "--jsx=transform", f"--outfile={folder / Path(name).stem}.mjs")


def test_the_old_systems_snippets_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "examples").mkdir()
    examples(tmp_path / "examples")
    with running(tmp_path / "state") as stack:
        variables = addresses(stack, PEOPLE)
        tokens = json.loads(variables["PARLEY_TOKENS"])
        for name, role in {"buyer": "customer", "creator": "creator"}.items():
            person = stack.person(name, role=role, contexts={"pattern": ["shawl"]})
            tokens[name] = {"id": person.user_id, "name": name.title(), "token": person.token}
        told = {"PARLEY_TOKENS": json.dumps(tokens), "PARLEY_EXAMPLES": str(tmp_path / "examples")}
        for variable, value in {**variables, **told}.items():
            monkeypatch.setitem(os.environ, variable, value)
        assert "# fail 0" in node("--test", "--test-reporter=tap", NODE_TESTS / "live" / "compat.test.js")
