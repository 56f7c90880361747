"""The installed packages are the locked ones: one version of each, from the layer to the tests, with its hashes."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAYERS = sorted((ROOT / "layers").glob("*/requirements.txt"))
NODE_LOCKS = [
    ROOT / folder / "package-lock.json" for folder in ("tests/contracts/node", "host/examples/express", "web")
]
LOCKS = [*LAYERS, *sorted((ROOT / "requirements").glob("*.txt"))]


def pins(lock: Path) -> dict[str, str]:
    """Returns each `name==version` of a lock with all that follows it: the marker and the hashes."""
    text = re.sub(r"^\s*#.*\n", "", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
    blocks = re.split(r"^(?=\S)", text, flags=re.MULTILINE)[1:]
    return {block.split()[0]: block for block in blocks}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: f"{lock.parent.name}/{lock.name}")
def test_every_package_is_pinned_with_hashes_and_comes_from_no_special_place(lock: Path) -> None:
    assert pins(lock)
    for pin, block in pins(lock).items():
        assert re.fullmatch(r"[a-z0-9-]+==[\w.]+", pin)
        assert "--hash=sha256:" in block
        assert "://" not in block


@pytest.mark.parametrize("lock", NODE_LOCKS, ids=lambda lock: str(lock.parent.relative_to(ROOT)))
def test_every_package_of_node_is_pinned_with_its_hash_and_comes_from_no_special_place(lock: Path) -> None:
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    wanted = packages.pop("")
    named = {**wanted.get("dependencies", {}), **wanted.get("devDependencies", {})}

    assert named and all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in named.values())
    assert [name for name, each in packages.items() if not each.get("integrity", "").startswith("sha512-")] == []
    assert [name for name, each in packages.items() if "resolved" in each] == []


@pytest.mark.parametrize("layer", LAYERS, ids=lambda lock: lock.parent.name)
@pytest.mark.parametrize("name", ["run", "dev"])
def test_handlers_run_here_with_the_packages_of_the_layers(name: str, layer: Path) -> None:
    assert pins(layer).keys() <= pins(ROOT / "requirements" / f"{name}.txt").keys()


def test_the_tests_drive_the_local_stack_with_the_packages_of_make_run() -> None:
    assert pins(ROOT / "requirements" / "run.txt").keys() <= pins(ROOT / "requirements" / "dev.txt").keys()
