"""The web client as a package: types, format, what `npm pack` takes, and how much a page loads."""

import json
import re
import shutil
from pathlib import Path

from tests.web.tools import NODE_TESTS, WEB, node, tool

GUIDE = WEB.parent / "docs" / "guides" / "web.md"
MOST_OF_CLIENT = 20_000  # bytes, minified and gzipped
MOST_OF_ALL = 90_000


def test_the_sources_are_formatted_and_lint_clean() -> None:
    tool("biome", "ci", ".", NODE_TESTS)


def test_typescript_finds_nothing_in_the_sources() -> None:
    tool("tsc", "--project", "tsconfig.json")


def test_the_parts_that_need_no_browser_hold_in_node() -> None:
    tests = sorted(NODE_TESTS.glob("*.test.js"))
    assert "# fail 0" in node("--test", "--test-reporter=tap", *tests)


def test_a_page_loads_no_more_than_its_budget() -> None:
    sizes = json.loads(node("tools/bundle.mjs"))
    assert sizes["client"]["gzip"] <= MOST_OF_CLIENT
    assert sizes["parley"]["gzip"] <= MOST_OF_ALL
    assert "import" not in (WEB / "dist" / "worker.js").read_text(encoding="utf-8")  # a browser takes it by itself


def test_the_package_has_what_its_exports_name(tmp_path: Path) -> None:
    tool("tsc", "--project", "tsconfig.types.json", "--outDir", tmp_path / "types")
    exports = json.loads((WEB / "package.json").read_text())["exports"]
    for entry in exports.values():
        if isinstance(entry, dict):
            assert (WEB / entry["default"]).is_file()
            assert (tmp_path / Path(entry["types"]).relative_to(".")).is_file()


def test_a_bundler_keeps_all_that_an_import_does(tmp_path: Path) -> None:
    """It leaves out modules of which nothing is used, but for those that `sideEffects` names: they define elements."""
    package = json.loads((WEB / "package.json").read_text(encoding="utf-8"))
    taken = tmp_path / "node_modules" / package["name"]
    for name in ["package.json", *(name for name in package["files"] if name not in {"types", "dist"})]:
        copy = shutil.copytree if (WEB / name).is_dir() else shutil.copy
        taken.mkdir(parents=True, exist_ok=True)
        copy(WEB / name, taken / name)
    (tmp_path / "main.js").write_text(f'import {{ configure }} from "{package["name"]}"; configure({{}});')

    kept, whole = bundled(tmp_path), bundled(tmp_path, "--ignore-annotations")

    defined = set(re.findall(r'define\("(parley-[a-z-]+)"', (tmp_path / "out.js").read_text(encoding="utf-8")))
    documented = re.findall(r"^\| `<(parley-[a-z-]+)>`", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    assert defined >= set(documented) >= {"parley-chat", "parley-inbox", "parley-toasts"}
    assert kept == whole != {}  # nothing is missing that a bundler by itself would keep


def bundled(folder: Path, *options: str) -> dict[str, int]:
    """Returns how many bytes a bundler keeps of each module of the elements that main.js imports."""
    to = [f"--outfile={folder / 'out.js'}", f"--metafile={folder / 'meta.json'}", "--log-level=error"]
    tool("esbuild", folder / "main.js", "--bundle", "--format=esm", *to, *options)
    (output,) = json.loads((folder / "meta.json").read_text(encoding="utf-8"))["outputs"].values()
    modules = {name.split("parley-web/")[-1]: module["bytesInOutput"] for name, module in output["inputs"].items()}
    return {name: size for name, size in modules.items() if name.startswith("components/")}
