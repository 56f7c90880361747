"""Clients that generators make of docs/openapi.json compile, and hold the README's conversation with a real stack."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.tools import CLIENTS, MODULES, OPENAPI, node, python, run
from tests.e2e.stack import Stack, running

# The libraries' own declarations are theirs to check; what was made is api.ts, no declaration file.
STRICT = (
    "--strict",
    "--skipLibCheck",
    "--target",
    "es2022",
    "--module",
    "nodenext",
    "--types",
    "node",
    "--outDir",
    "made",
)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running(tmp_path_factory.mktemp("state")) as started:
        yield started


def people(stack: Stack) -> list[str]:
    """Returns the address of the stack, the tokens of two new people, and the id of the second one."""
    alice, bob = stack.person("alice"), stack.person("bob")
    return [stack.rest_url, alice.token, bob.token, bob.user_id]


def test_openapi_typescript_makes_types_that_hold_the_conversation(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(MODULES)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "conversation.ts").write_bytes((CLIENTS / "conversation.ts").read_bytes())

    node("openapi-typescript", OPENAPI, "--output", tmp_path / "api.ts")
    node("tsc", *STRICT, "conversation.ts", folder=tmp_path)

    run("node", "made/conversation.js", *people(stack), folder=tmp_path)


def test_openapi_python_client_makes_a_client_that_holds_the_conversation(stack: Stack, tmp_path: Path) -> None:
    # Its hooks would let ruff rewrite `*args: Any` into what mypy refuses.
    (tmp_path / "config.yaml").write_text("post_hooks: []")
    made = ("--output-path", "parley_client", "--meta", "none", "--fail-on-warning", "--config", "config.yaml")
    python("openapi-python-client", "generate", "--path", OPENAPI, *made, folder=tmp_path)

    holds_the_conversation(stack, tmp_path, "with_client.py", "parley_client")


def test_datamodel_code_generator_makes_models_that_hold_the_conversation(stack: Stack, tmp_path: Path) -> None:
    made = ("--output", "parley_models.py", "--output-model-type", "pydantic_v2.BaseModel")
    how = ("--use-annotated", "--target-python-version", "3.11", "--formatters", "builtin")
    python("datamodel-codegen", "--input", OPENAPI, "--input-file-type", "openapi", *made, *how, folder=tmp_path)

    holds_the_conversation(stack, tmp_path, "with_models.py", "parley_models.py")


def holds_the_conversation(stack: Stack, folder: Path, script: str, made: str) -> None:
    """Lets mypy judge what was made and the script that uses it, and runs the script."""
    (folder / script).write_bytes((CLIENTS / script).read_bytes())
    python("mypy", "--strict", made, script, folder=folder)
    python("python", script, *people(stack), folder=folder)
