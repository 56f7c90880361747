"""Comments and docstrings cite documents that are in the repository, and headings that these documents have."""

import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("layers", "functions", "local", "tests", "docs", "bench", "host")
STACKS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "stacks").iterdir())
OTHERS = ("template.yaml", *STACKS, "Makefile", "pyproject.toml", "layers/shared/Makefile", "layers/media/Makefile")
FOREIGN = {".aws-sam", "node_modules", "__pycache__"}

PAGES = sorted((ROOT / "docs").rglob("*.md"))
PAGE = re.compile(r"\b(?:[\w-]+/)*[\w-]+\.md\b(?:#[\w-]+)?")
HEADING = re.compile(r"\b(README|[\w/-]+\.md)(?:, | \()\"([^\"]+)\"")
DECISION = re.compile(r"\bD-\d{3}\b")
# A document's name without an ending, cited as notes of old did: "(facts: TTL)", "product: typing expires".
NAMED = re.compile(r"\((?:facts|architecture|product|house|style)[):,;]|\b(?:facts|architecture|product|house|style): ")


def python_files() -> list[Path]:
    found = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
    return sorted(path for path in found if not FOREIGN & set(path.parts))


def prose(path: Path) -> Iterator[str]:
    """Yields the comments of a file and, of Python, its docstrings too; a comment of several lines is one text."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        yield from (" ".join(block.split()) for block in re.findall(r"#(.*)", text))
        return
    lines: list[str] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            lines.append(token.string.lstrip("# "))
        elif token.type != tokenize.NL:
            yield " ".join(lines)
            lines = []
        if token.type == tokenize.STRING and token.string.startswith('"""'):
            yield " ".join(token.string.split())


def wrong(text: str) -> list[str]:
    """Returns the citations of a text that lead nowhere."""
    pages = [cited for cited in PAGE.findall(text) if not _is_there(*cited.partition("#")[::2])]
    headings = [f"{page}, {title}" for page, title in HEADING.findall(text) if title not in _titles(_path(page))]
    decisions = [cited for cited in DECISION.findall(text) if cited not in _decisions()]
    return pages + headings + decisions + NAMED.findall(text)


@cache
def _decisions() -> set[str]:
    return {title for path in PAGES if path.parent.name == "decisions" for title in _titles(path)}


def _is_there(page: str, anchor: str) -> bool:
    path = _path(page)
    return path.is_file() and (not anchor or anchor in {_anchor(title) for title in _titles(path)})


def _path(page: str) -> Path:
    if page.startswith(("README", "CHANGELOG")):
        return ROOT / f"{page.removesuffix('.md')}.md"
    matching = [path for path in PAGES if path.match(page)]
    return matching[0] if len(matching) == 1 else ROOT / page  # a bare name must be one page's


@cache
def _titles(path: Path) -> list[str]:
    return re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE) if path.is_file() else []


def _anchor(title: str) -> str:
    """Returns what GitHub makes of a heading."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


@pytest.mark.parametrize("path", [*python_files(), *(ROOT / name for name in OTHERS)], ids=lambda path: path.name)
def test_a_comment_cites_what_is_in_the_repository(path: Path) -> None:
    if path == Path(__file__):
        return

    assert [cited for text in prose(path) for cited in wrong(text)] == []


@pytest.mark.parametrize(
    "comment",
    [
        "of a context (facts: API Gateway WebSocket)",
        "unread totals (architecture)",
        'product: "Typing expires after 5 s"',
        "docs/nowhere.md says so",
        "for so many people (D-999)",
        "aws-facts.md#no-such-heading",
        'docs/contribute/decisions/README.md, "No such chapter"',
    ],
)
def test_a_citation_that_leads_nowhere_is_found(comment: str) -> None:
    assert wrong(comment)


@pytest.mark.parametrize(
    "comment",
    [
        "targets/python<version>-<architecture>/Makefile",
        "the whole product of both (aws-facts.md#websocket-api)",
        'README, "Try it"',
        "in a `FACTS: dict`",
    ],
)
def test_a_citation_that_is_good_passes(comment: str) -> None:
    assert wrong(comment) == []


def test_every_heading_of_the_facts_has_an_anchor_of_its_own() -> None:
    anchors = [_anchor(title) for title in _titles(ROOT / "docs" / "contribute" / "aws-facts.md")]

    assert len(anchors) == len(set(anchors)) > 1


def test_every_decision_has_a_number_of_its_own_a_date_and_a_cost() -> None:
    entries = [
        found
        for path in PAGES
        if path.parent.name == "decisions" and path.name != "README.md"
        for found in re.findall(
            r"^### (D-\d{3})\n\n(\S+) · (\*\*.+?)(?=^### |\Z)", path.read_text("utf-8"), re.MULTILINE | re.DOTALL
        )
    ]
    headings = [title for title in _decisions() if title.startswith("D-")]

    assert len(entries) == len({anchor for anchor, _, _ in entries}) == len(headings) > 200
    assert all(
        re.fullmatch(r"D-\d{3}", anchor) and re.fullmatch(r"\d{4}-\d\d-\d\d", date) for anchor, date, _ in entries
    )
    assert [anchor for anchor, _, text in entries if "**Cost:**" not in text] == []
