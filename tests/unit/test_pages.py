"""README.md and the pages of docs/ agree with the repository: links, parameters, targets, names."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from samtranslator.yaml_helper import yaml_parse

from bench import report
from docs.parameters import allowed

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
DOCS = ROOT / "docs"
ASYNCAPI: dict[str, Any] = json.loads((ROOT / "docs" / "asyncapi.json").read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """Returns what GitHub makes of the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]*)(?:#([^)]*))?\)", page.read_text(encoding="utf-8"))

    for path, anchor in links:
        target = page.parent / path if path else page
        assert target.exists(), f"{page.name} links to {path}"
        assert not anchor or anchor in anchors(target), f"{page.name} links to {path}#{anchor}"


def test_the_reference_has_each_parameter_with_its_default() -> None:
    parameters = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))["Parameters"]
    page = (DOCS / "reference" / "parameters.md").read_text(encoding="utf-8")

    told = re.findall(r"^\| `(\w+)` \| ?(?:`(.*?)`)? ?\| ?([^|]*?) ?\| (.+) \|$", page, re.MULTILINE)

    assert told == [
        (name, str(one["Default"]), allowed(one), one["Description"]) for name, one in parameters.items()
    ], "make docs"


def test_the_reference_has_the_values_that_a_parameter_may_have() -> None:
    page = (DOCS / "reference" / "parameters.md").read_text(encoding="utf-8")

    assert "| `MaxAttachmentsPerMessage` | `5` | 1 to 30 |" in page
    assert "| `MalwareScan` | `none` | `none`, `guardduty`, `external` |" in page


def test_the_guide_names_each_shipped_policy() -> None:
    page = (DOCS / "guides" / "policies.md").read_text(encoding="utf-8")
    policies = {path.stem for path in (ROOT / "layers/shared/parley/policies").glob("*.toml")}

    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == policies


def test_the_concepts_except_from_their_promise_what_clients_must_read_again() -> None:
    guide = (ROOT / "docs" / "guides" / "clients.md").read_text(encoding="utf-8")
    table = guide.partition("\n### What to read again\n")[2].partition("\n## ")[0]
    again = re.findall(r"^\| (.+?) \| .+ \|$", table, re.MULTILINE)[1:]
    concepts = (DOCS / "concepts.md").read_text(encoding="utf-8")
    promise = concepts.partition("\n- A client that follows events")[2].partition("\n- ")[0]

    assert len(again) == 4
    assert "four exceptions" in promise
    for word in ("names of people", "members of", "presence", "receipts"):
        assert word in promise
        assert word in table


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_make_target_that_is_told_of_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))

    assert set(re.findall(r"(?:`|^|\()make ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE)) <= targets


def test_the_client_guide_tells_of_every_action() -> None:
    actions = {name for name, one in ASYNCAPI["operations"].items() if one["action"] == "receive"}
    guide = (DOCS / "guides" / "clients.md").read_text(encoding="utf-8")
    section = guide.partition("\n## The actions in brief\n")[2].partition("\n## ")[0]

    assert actions <= set(re.findall(r"`(\w+)`", section))


def test_the_architecture_names_files_that_there_are() -> None:
    page = (DOCS / "contribute" / "architecture.md").read_text(encoding="utf-8")
    layer = ROOT / "layers" / "shared"
    named = set(re.findall(r"(?<![\w/])(?:[\w-]+/)+[\w]+\.(?:py|md|yaml)\b", page))
    roots = (ROOT, layer, layer / "parley", ROOT / "docs" / "contribute")

    assert len(named) > 20
    assert {name for name in named if not any((root / name).is_file() for root in roots)} == set()


def test_the_readme_is_read_to_the_end() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_the_numbers_of_the_pages_are_those_of_the_last_kept_run() -> None:
    kept = msgspec.json.decode(report.RESULTS.read_bytes(), type=report.Results)

    assert report.numbers(kept.rows) in report.README.read_text(encoding="utf-8")
    assert report.month_table(kept.rows) in report.COSTS.read_text(encoding="utf-8")
    assert report.page_table(kept) in report.PAGE.read_text(encoding="utf-8")


GENERATED = {"rest.md", "websocket.md"}  # their sentences are those of the code
TWICE_READ = re.compile(
    r"\banew\b|somebody|[Ww]hoever|\bgo(?:es)? on\b|(?:^|[.:] |\| |^- |\*\*)(?:Who|Whom|Whose|Where|What) [a-z][^?]*$",
)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.name not in GENERATED], ids=lambda page: str(page.relative_to(ROOT))
)
def test_a_page_is_plain(page: Path) -> None:
    lines = page.read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if not line.startswith(("#", "- [")) and TWICE_READ.search(line)] == []
