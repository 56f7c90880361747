"""The steps of docs/guides/hosts.md, played in their order: its policy, its commands, its Python and its JavaScript.

`pip install ./host` is played by test_package.py, and `sam deploy` by tests/e2e/test_deploy.py.
"""

import io
import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from tests.contracts.tools import run
from tests.e2e.clone import blocks, missing
from tests.e2e.stack import ROOT, Stack, copy_repository, running

PAGE = (ROOT / "docs" / "guides" / "hosts.md").read_text(encoding="utf-8")
STEPS = PAGE.partition("\n## Live in an afternoon\n")[2].partition("\n## ")[0]
BLOCKS = blocks(STEPS)
POLICY = Path("layers/shared/parley/policies/lessons.toml")


def of(language: str) -> list[str]:
    return [block for found, block in BLOCKS if found == language]


def policy() -> list[str]:
    """Returns the blocks of the policy file: all of TOML but the settings of the deployment."""
    return [block for block in of("toml") if "parameter_overrides" not in block]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("parley")
    copy_repository(folder)
    (folder / POLICY).write_text("\n".join(policy()), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def lessons(clone: Path) -> Iterator[Stack]:
    """Runs the stack as step 2 does, from the clone."""
    *_, words = [shlex.split(line) for line in of("sh")[0].splitlines()]
    assert words[:4] == [".venv/bin/python", "-m", "local", "run"]
    with running(clone / ".parley", *words[4:], module="tests.host.quick_erasures", folder=clone) as started:
        yield started


def exported(clone: Path, stack: Stack) -> dict[str, str]:
    """Returns the variables that step 2 exports; only the port is that of this run."""
    block = of("sh")[1].replace("http://localhost:3000/v1", stack.rest_url)
    names = re.findall(r"^export (\w+)=", block, re.MULTILINE)
    script = block + "".join(f'printf "%s\\n" "${name}"\n' for name in names)
    done = subprocess.run(["bash", "-euc", script], cwd=clone, capture_output=True, text=True, check=True)
    return dict(zip(names, done.stdout.splitlines(), strict=True))


class Reader:
    """Plays the blocks of Python in one program, and those of JavaScript as Ben's browser."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: dict[str, Any] = {}

    def plays(self, language: str, block: str) -> str | None:
        """Returns what a block prints; None if it is no program."""
        match language:
            case "python":
                return self._python(block)
            case "js":
                chat = json.dumps(self.known["chat_token"]("ben"))
                return run("node", "--input-type=module", "-e", f"const chat = {chat}\n{block}", folder=self.folder)
        return None

    def _python(self, block: str) -> str:
        with redirect_stdout(io.StringIO()) as said:
            exec(block, self.known)
        return said.getvalue()


def test_each_step_does_what_the_page_shows(
    clone: Path,
    lessons: Stack,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    for name, value in exported(clone, lessons).items():
        monkeypatch.setenv(name, value)
    reader = Reader(tmp_path)
    request.addfinalizer(lambda: reader.known["parley"].close())
    compared = 0

    for (language, block), (after, shown) in zip(BLOCKS, [*BLOCKS[1:], ("", "")], strict=True):
        said = reader.plays(language, block)
        if said is not None and after == "" and shown:
            compared += 1
            assert missing(said, shown) == [], said
        else:
            assert not said, f"the page does not show what this prints: {block}"

    assert compared > 5


def test_the_parameters_to_deploy_are_those_that_the_steps_have_tried() -> None:
    overrides = tomllib.loads(of("toml")[1])["parameter_overrides"]
    deployed = dict(pair.split("=", 1) for pair in shlex.split(overrides))
    tried = dict(pair.split("=", 1) for pair in re.findall(r"--parameter (\S+)", of("sh")[0]))
    parameters = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))["Parameters"]

    assert deployed.keys() <= parameters.keys()
    assert tried.items() <= deployed.items()


def test_each_step_has_its_number() -> None:
    assert [int(number) for number in re.findall(r"^### (\d+)\. ", STEPS, re.MULTILINE)] == list(range(1, 12))
