"""The layer that `sam build` would make: wheels for the target whatever runs here, our package, nothing of no use."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "layers" / "shared"
MACHINES = {"arm64": 0xB7, "x86_64": 0x3E}  # e_machine of an ELF file (System V ABI)
MAX_BYTES = 100_000_000  # of the 250 MB that Lambda unpacks at most, functions included


@pytest.fixture(scope="module", params=["python3.13-arm64", "python3.11-x86_64"])
def layer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Returns the target and the folder that became /opt: made as SAM makes it, by make and with ARTIFACTS_DIR."""
    target: str = request.param
    opt = tmp_path_factory.mktemp(target)
    done = subprocess.run(
        ["make", "--makefile", str(SOURCE / "targets" / target / "Makefile"), "build-Shared"],
        cwd=SOURCE,
        env={**os.environ, "ARTIFACTS_DIR": str(opt), "MAKEFLAGS": ""},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
    return target, opt / "python"


def test_compiled_modules_are_for_the_target_and_not_for_this_machine(layer: tuple[str, Path]) -> None:
    target, packages = layer
    version, architecture = target.removeprefix("python").split("-")
    modules = list(packages.rglob("*.so"))

    assert modules
    for module in modules:
        header = module.read_bytes()[:20]
        assert header[:4] == b"\x7fELF"
        assert int.from_bytes(header[18:20], "little") == MACHINES[architecture], module.name
        assert f".cpython-{version.replace('.', '')}-" in module.name or ".abi3." in module.name


def test_our_package_is_whole(layer: tuple[str, Path]) -> None:
    _, packages = layer
    source = SOURCE / "parley"
    wanted = {path.relative_to(source) for path in source.rglob("*") if path.suffix in (".py", ".toml")}

    assert wanted <= {path.relative_to(packages / "parley") for path in (packages / "parley").rglob("*")}


def test_nothing_of_no_use_is_in_it(layer: tuple[str, Path]) -> None:
    _, packages = layer

    assert not (packages / "bin").exists()
    assert sum(path.stat().st_size for path in packages.rglob("*") if path.is_file()) < MAX_BYTES


def test_a_build_without_a_target_says_what_it_needs() -> None:
    done = subprocess.run(
        ["make", "build-Shared"],
        cwd=SOURCE,
        env={**os.environ, "ARTIFACTS_DIR": "unused", "MAKEFLAGS": ""},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode != 0
    assert "targets/python<version>-<architecture>/Makefile" in done.stderr
