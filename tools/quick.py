"""Prints the tests that `make quick` runs: all unit tests, the layout, and the functional tests of what has changed.

"Changed" is everything that differs from where this branch left `main`, committed or not. A changed module of a layer
stands for the operations whose handlers come to it in `STEPS` imports; `make test` runs everything.
"""

import ast
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
ALWAYS = ("tests/unit", "tests/template/test_layout.py")
ROOTS = ("layers/shared/", "layers/media/", "functions/")  # of sys.path
SCENARIOS, KILLS = "tests/functional/kills/", "tests/functional/test_kills.py"  # the test plays what the folder holds
HOST, HOST_TESTS = ("host/", "tests/host/"), "tests/host"
STEPS = 2  # imports from a handler to a changed module: the handler's action, and what that action uses
MAX_FILES = 25  # of functional tests: more take longer than a minute


def main() -> int:
    """Prints paths for pytest, and on stderr what is left to `make test`."""
    paths = changed()
    files = functional_tests(paths)
    of_host = [HOST_TESTS] if any(path.startswith(HOST) for path in paths) else []
    for path in (*ALWAYS, *of_host, *files[:MAX_FILES]):
        print(path)
    left = len(files) - MAX_FILES
    if left > 0:
        print(f"quick: {left} more functional test files are concerned; make test runs them", file=sys.stderr)
    return 0


def changed() -> list[str]:
    """Returns the files, relative to the root, that differ from main or are not in git yet."""
    base = _git("merge-base", "HEAD", "main")[:1] or ["HEAD"]
    return [*_git("diff", "--name-only", *base), *_git("ls-files", "--others", "--exclude-standard")]


def _git(*command: str) -> list[str]:
    run = subprocess.run(["git", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    return run.stdout.splitlines()


def functional_tests(paths: Iterable[str]) -> list[str]:
    """Returns the functional test files that the changed files concern, the nearest first."""
    played = [KILLS if path.startswith(SCENARIOS) else path for path in paths]
    wanted = {
        path: 0 for path in played if path.startswith("tests/functional/") and Path(path).name.startswith("test_")
    }
    changed_modules = {_module(path) for path in paths if path.startswith(ROOTS)}
    for handler in sorted(ROOT.glob("functions/*/*.py")):
        steps = _steps_to(changed_modules, _module(str(handler.relative_to(ROOT))))
        test = f"tests/functional/{handler.parent.name}/test_{handler.name}"
        if steps is not None:
            wanted[test] = min(steps, wanted.get(test, steps))
    return sorted((path for path in wanted if (ROOT / path).exists()), key=lambda path: (wanted[path], path))


def _steps_to(wanted: set[str], module: str) -> int | None:
    """Returns how many imports lie between a module and the nearest wanted one; None if more than `STEPS`."""
    near = {module}
    for steps in range(STEPS + 1):
        if near & wanted:
            return steps
        near = {each for importer in near for each in _imports(importer)}
    return None


@cache
def _imports(module: str) -> frozenset[str]:
    """Returns Parley's own modules that a module imports."""
    path = _file(module)
    tree = ast.parse(path.read_text(encoding="utf-8")) if path else ast.Module([], [])
    found = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
    names = {name for node in found for name in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names))}
    return frozenset(name for name in names if name and _file(name))


@cache
def _file(module: str) -> Path | None:
    for root in ROOTS:
        path = ROOT / root / (module.replace(".", "/") + ".py")
        if path.exists():
            return path
    return None


def _module(path: str) -> str:
    """Returns the name by which a file is imported: `parley.actions.push`, `rest.send_message`."""
    relative = next((path.removeprefix(root) for root in ROOTS if path.startswith(root)), path)
    return relative.removesuffix(".py").replace("/", ".")


if __name__ == "__main__":
    sys.exit(main())
