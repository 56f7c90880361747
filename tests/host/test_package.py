"""The package of host/: a wheel that installs beside its dependencies alone, and methods named as the operations."""

import inspect
import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import parley_host
from parley_host import AsyncParley, Parley

ROOT = Path(__file__).parents[2]
HOST = ROOT / "host"
TOOLS = Path(sys.executable).parent
PROJECT = tomllib.loads((HOST / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NO_OPERATION = {"aclose", "close", "list_directory", "wait_for_erasure", "wait_for_everyone", "wait_for_removal"}
USE = """
import parley_host, sys
signer = parley_host.Signer("x" * 32)
with parley_host.Parley("http://127.0.0.1:9/v1", signer, retries=parley_host.Retries(tries=1)) as parley:
    try:
        parley.get_user("ann")
    except parley_host.Unreachable as error:
        print(type(error.__cause__).__name__, parley_host.__version__, parley_host.__file__.startswith(sys.prefix))
"""


def run(*command: str | Path) -> str:
    # A proxy or an index of this machine is nothing that the package may need.
    variables = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "PIP_NO_INDEX": "1"}
    done = subprocess.run([str(part) for part in command], env=variables, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    source = shutil.copytree(HOST, folder / "host", ignore=shutil.ignore_patterns("examples", "__pycache__"))
    run(TOOLS / "uv", "build", "--offline", "--quiet", "--wheel", "--out-dir", folder, source)
    [built] = folder.glob("*.whl")
    return built


def needed(requirements: list[str]) -> dict[str, Distribution]:
    """Returns the packages that these requirements lead to, as they are installed here."""
    found: dict[str, Distribution] = {}
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        wanted = waiting.pop()
        if wanted.name not in found:
            found[wanted.name] = distribution(wanted.name)
            waiting += [each for each in map(Requirement, found[wanted.name].requires or ()) if _is_used(each, wanted)]
    return found


def _is_used(requirement: Requirement, by: Requirement) -> bool:
    extras = by.extras or {""}
    return requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in extras)


def copied(packages: dict[str, Distribution], folder: Path) -> None:
    """Copies the files of installed packages, without programs and what this Python has compiled."""
    for package in packages.values():
        for file in package.files or ():
            if ".." not in file.parts and "__pycache__" not in file.parts:
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(str(file.locate()), folder / file)


def test_the_wheel_installs_and_works_beside_its_dependencies_alone(wheel: Path, tmp_path: Path) -> None:
    run(TOOLS / "uv", "venv", "--offline", "--quiet", "--python", sys.executable, tmp_path / "clean")
    [packages] = (tmp_path / "clean").glob("lib/python*/site-packages")
    copied(needed(PROJECT["dependencies"]), packages)

    # No index: pip refuses it if a dependency is missing, or is not of a version that the wheel takes.
    run(sys.executable, "-m", "pip", "--python", tmp_path / "clean", "install", "--quiet", "--no-index", wheel)

    said = run(tmp_path / "clean" / "bin" / "python", "-c", USE)
    assert said.split() == ["ConnectError", PROJECT["version"], "True"]
    for command in PROJECT["scripts"]:
        assert f"usage: {command}" in run(tmp_path / "clean" / "bin" / command, "--help")


def test_the_wheel_has_its_types_and_its_licence_and_no_example(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    modules = {path.relative_to(HOST / "src").as_posix() for path in (HOST / "src").rglob("*.py")}

    assert {name for name in names if ".dist-info/" not in name and not name.endswith("/")} == {
        "parley_host/py.typed",
        *modules,
    }
    assert [name for name in names if name.endswith("/LICENSE")]


def test_it_has_the_version_of_the_stack_and_two_dependencies() -> None:
    stack = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

    assert (PROJECT["version"], parley_host.__version__) == (stack, stack)
    assert {Requirement(text).name for text in PROJECT["dependencies"]} == {"httpx", "pyjwt"}


def test_a_method_has_the_name_of_its_operation_in_both_clients() -> None:
    document = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    operations = {each["operationId"] for path in document["paths"].values() for each in path.values()}

    both = [
        {name for name, _ in inspect.getmembers(client, inspect.isfunction) if not name.startswith("_")} - NO_OPERATION
        for client in (AsyncParley, Parley)
    ]

    assert both[0] == both[1]
    assert both[0] <= operations and len(both[0]) > 15
