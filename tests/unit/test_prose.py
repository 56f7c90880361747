"""Docstrings and comments are plain: subject first, verb second, and none of the words that have to be read twice."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("layers", "functions", "local", "host", "tests", "bench", "tools", "docs")
FILES = [
    path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py")) if "node_modules" not in path.parts
]

OPENING = re.compile(r"(?:Who|Whom|Whose|Whoever|What|Whatever|Where|Wherever|Whether|How)\b")
# A place can have something at its back (a strict network does). After an event, or a key, the word is "after".
TWICE_READ = re.compile(r"\b(?:anew|somebody|whoever|behind(?! strict networks))\b", re.IGNORECASE)


def docstrings(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text is not None:
                yield text


def comments(source: str) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string.removeprefix("#").strip()


def faults(source: str) -> list[str]:
    texts = [*docstrings(source), *comments(source)]
    return [text for text in texts if OPENING.match(text) or TWICE_READ.search(text)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_docstrings_and_comments_are_plain(path: Path) -> None:
    assert faults(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        '"""Who may come in."""',
        'def send() -> None:\n    """Whether a message was sent."""',
        'class Page:\n    """A page.\n\n    The next one begins behind it.\n    """',
        "x = 1  # Where it begins",
        "x = 1  # so somebody made it anew",
    ],
)
def test_the_search_finds_what_has_to_be_read_twice(source: str) -> None:
    assert len(faults(source)) == 1


def test_the_search_lets_a_plain_sentence_pass() -> None:
    assert (
        faults('"""Returns the user who wrote it."""\n\nx = 1  # seconds; the sweep runs whether or not it is due')
        == []
    )
