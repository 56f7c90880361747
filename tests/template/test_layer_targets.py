"""The layers of template.yaml: for which runtimes they are built, and with what."""

import re
from pathlib import Path

import pytest

from local.template import load
from tests.template.deployed import ROOT, TEMPLATE, layer, names, written

LAYERS = {"Shared": ROOT / "layers" / "shared", "Media": ROOT / "layers" / "media"}


def test_each_layer_has_a_folder() -> None:
    assert {layer(name) for name in LAYERS} == set(names("AWS::Lambda::LayerVersion"))
    assert set(LAYERS.values()) == {path for path in (ROOT / "layers").iterdir() if path.is_dir()}


def test_lambda_has_the_c_library_of_the_decoders_for_each_version() -> None:
    """The wheels ask for glibc 2.28; Lambda's Python 3.11 is on Amazon Linux 2, which has 2.26."""
    assert "manylinux_2_28" in (LAYERS["Media"] / "Makefile").read_text(encoding="utf-8")
    assert min(tuple(map(int, version.split("."))) for version in versions()) >= (3, 12)


def versions() -> list[str]:
    return [str(each) for each in written()["Parameters"]["PythonVersion"]["AllowedValues"]]


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
@pytest.mark.parametrize("version", versions())
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_is_built_for_the_runtime_of_the_functions(name: str, version: str, architecture: str) -> None:
    choice = load(TEMPLATE, {"PythonVersion": version, "Architecture": architecture})
    [built] = (each for each in choice.of_type("AWS::Lambda::LayerVersion") if each.logical_id.startswith(name))
    context_path = written()["Resources"][name]["Metadata"]["ContextPath"]["Fn::Sub"]
    target = context_path.replace("${PythonVersion}", version).replace("${Architecture}", architecture)

    assert built.properties["CompatibleRuntimes"] == [f"python{version}"]
    assert built.properties["CompatibleArchitectures"] == [architecture]
    assert {f.properties["Runtime"] for f in choice.of_type("AWS::Lambda::Function")} == {f"python{version}"}
    assert all(f.properties["Architectures"] == [architecture] for f in choice.of_type("AWS::Lambda::Function"))
    # SAM resolves the path by the same parameters, and the Makefile takes its target from the folder's name.
    assert (ROOT / target / "Makefile").read_text(encoding="utf-8") == "include Makefile\n"
    assert Path(target).name == f"python{version}-{architecture}"


@pytest.mark.parametrize("source", LAYERS.values(), ids=LAYERS)
def test_no_target_of_a_layer_is_left_over(source: Path) -> None:
    folders = {path.name for path in (source / "targets").iterdir()}

    assert folders == {f"python{version}-{arch}" for version in versions() for arch in ("arm64", "x86_64")}


def test_the_layer_keeps_the_services_that_the_code_makes_clients_of() -> None:
    makefile = (ROOT / "layers" / "shared" / "Makefile").read_text(encoding="utf-8")
    kept = re.search(r"^SERVICES := (.*)$", makefile, flags=re.MULTILINE)
    asked = {
        name
        for path in (ROOT / "layers" / "shared" / "parley").rglob("*.py")
        for name in re.findall(r"\bclient\(\s*\"([a-z0-9-]+)\"", path.read_text(encoding="utf-8"))
    }

    assert asked and kept
    assert asked <= set(kept[1].split())
