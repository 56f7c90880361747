"""Other people's tools, as the tests run them: Node's from `node/`, Python's and Node itself from .venv-contracts."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
OPENAPI = ROOT / "docs" / "openapi.json"
ASYNCAPI = ROOT / "docs" / "asyncapi.json"
CLIENTS = Path(__file__).parent / "clients"
NODE = Path(__file__).parent / "node"
MODULES = NODE / "node_modules"
PYTHON = ROOT / ".venv-contracts" / "bin"
LIMIT_S = 120


def node(tool: str, *arguments: str | Path, folder: Path = NODE) -> str:
    """Returns what a tool of Node's says; fails if it is not installed or does not end well."""
    program = MODULES / ".bin" / tool
    assert program.exists(), f"there is no {tool}: `make setup` installs it"
    return run(program, *arguments, folder=folder)


def python(tool: str, *arguments: str | Path, folder: Path) -> str:
    """Returns what a tool of .venv-contracts says; fails if it is not installed or does not end well."""
    program = PYTHON / tool
    assert program.exists(), f"there is no {tool}: `make setup` makes .venv-contracts"
    return run(program, *arguments, folder=folder)


def run(program: str | Path, *arguments: str | Path, folder: Path) -> str:
    """Returns what a program says; fails if it does not end well."""
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))},
        "PATH": os.pathsep.join([str(PYTHON), os.environ["PATH"]]),
        "REDOCLY_TELEMETRY": "off",
        "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
        "NO_COLOR": "1",
    }
    done = subprocess.run(
        [str(program), *map(str, arguments)],
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, f"{program} {arguments}:\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr
