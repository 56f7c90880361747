"""The web client's development tools: Node from .venv-contracts, packages from web/node_modules."""

from pathlib import Path

from tests.contracts.tools import PYTHON, ROOT, run

WEB = ROOT / "web"
NODE_TESTS = ROOT / "tests" / "web" / "node"


def tool(name: str, *arguments: str | Path) -> str:
    """Returns what a tool of web/node_modules says in web/; fails if it does not end well."""
    program = WEB / "node_modules" / ".bin" / name
    assert program.exists(), f"there is no {name}: `make setup` installs it"
    return run(program, *arguments, folder=WEB)


def node(*arguments: str | Path, folder: Path = WEB) -> str:
    """Returns what a program of Node's says; fails if it does not end well."""
    return run(PYTHON / "node", *arguments, folder=folder)
