"""The layers that `sam build` would make: wheels for the target whatever runs here, our package, nothing of no use."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MACHINES = {"arm64": 0xB7, "x86_64": 0x3E}  # e_machine of an ELF file (System V ABI)
TARGETS = ("python3.13-arm64", "python3.12-x86_64")
LAMBDA_BYTES = 250 * 1024 * 1024  # that Lambda unpacks at most: all layers of a function, and its code
MAX_BYTES = {"shared": 100_000_000, "media": 190_000_000}
PACKAGES = {"shared": "parley", "media": "parley_media"}
CODE_BYTES = 2_000_000  # all functions are in each one's code


@dataclass(frozen=True)
class Layer:
    """A layer as SAM makes it: by make, and with ARTIFACTS_DIR, which becomes /opt."""

    name: str
    target: str
    opt: Path

    @property
    def packages(self) -> Path:
        return self.opt / "python"

    @property
    def size(self) -> int:
        return sum(path.stat().st_size for path in self.opt.rglob("*") if path.is_file())


def make(name: str, *arguments: str, opt: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["make", *arguments, f"build-{name.title()}"],
        cwd=ROOT / "layers" / name,
        env={**os.environ, "ARTIFACTS_DIR": str(opt), "MAKEFLAGS": ""},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )


def built(name: str, target: str, opt: Path) -> Layer:
    done = make(name, "--makefile", str(ROOT / "layers" / name / "targets" / target / "Makefile"), opt=opt)
    assert done.returncode == 0, done.stdout
    return Layer(name, target, opt)


@pytest.fixture(scope="module", params=TARGETS)
def layers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Layer]:
    """Returns both layers of a target."""
    return [built(name, request.param, tmp_path_factory.mktemp(f"{name}-{request.param}")) for name in PACKAGES]


def test_compiled_modules_are_for_the_target_and_not_for_this_machine(layers: list[Layer]) -> None:
    for layer in layers:
        version, architecture = layer.target.removeprefix("python").split("-")
        modules = [path for path in layer.packages.rglob("*.so*") if path.is_file()]

        assert modules
        for module in modules:
            header = module.read_bytes()[:20]
            assert header[:4] == b"\x7fELF"
            assert int.from_bytes(header[18:20], "little") == MACHINES[architecture], module.name
            if ".cpython-" in module.name:
                assert f".cpython-{version.replace('.', '')}-" in module.name


def test_our_package_is_whole(layers: list[Layer]) -> None:
    for layer in layers:
        package = PACKAGES[layer.name]
        source = ROOT / "layers" / layer.name / package
        wanted = {path.relative_to(source) for path in source.rglob("*") if path.suffix in (".py", ".toml")}

        assert wanted <= {
            path.relative_to(layer.packages / package) for path in layer.packages.rglob(f"{package}/**/*")
        }


def test_time_zones_travel_with_the_code(layers: list[Layer]) -> None:
    """Lambda's image promises no database of them."""
    shared, _ = layers

    assert "Europe/Berlin" in (shared.packages / "tzdata" / "zones").read_text(encoding="ascii").split()


def test_nothing_of_no_use_is_in_it(layers: list[Layer]) -> None:
    for layer in layers:
        assert not (layer.packages / "bin").exists()
        assert layer.size < MAX_BYTES[layer.name]


def test_both_layers_together_are_what_lambda_unpacks(layers: list[Layer]) -> None:
    assert sum(layer.size for layer in layers) + CODE_BYTES < LAMBDA_BYTES


def test_the_layers_share_no_package(layers: list[Layer]) -> None:
    """Lambda unpacks the layers over one another: the second one's files would replace the first one's."""
    shared, media = (
        {path.name for path in layer.packages.iterdir() if not path.name.startswith(".")} for layer in layers
    )

    assert shared & media == set()


def test_the_licences_of_the_decoders_travel_with_them(layers: list[Layer]) -> None:
    _, media = layers
    notice = (media.packages / "NOTICE").read_text(encoding="utf-8")

    for library in ("x264", "x265", "FFmpeg", "libheif", "PDFium"):
        assert library in notice
    assert "GPL" in notice


@pytest.mark.parametrize("name", PACKAGES)
def test_a_build_without_a_target_says_what_it_needs(name: str, tmp_path: Path) -> None:
    done = make(name, opt=tmp_path)

    assert done.returncode != 0
    assert "targets/python<version>-<architecture>/Makefile" in done.stdout
