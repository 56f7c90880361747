"""The web client as a package: types, format, what `npm pack` takes, and how much a page loads."""

import json
from pathlib import Path

from tests.web.tools import NODE_TESTS, WEB, node, tool

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


def test_the_package_has_what_its_exports_name(tmp_path: Path) -> None:
    tool("tsc", "--project", "tsconfig.types.json", "--outDir", tmp_path / "types")
    exports = json.loads((WEB / "package.json").read_text())["exports"]
    for entry in exports.values():
        if isinstance(entry, dict):
            assert (WEB / entry["default"]).is_file()
            assert (tmp_path / Path(entry["types"]).relative_to(".")).is_file()
