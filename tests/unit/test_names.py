"""Names of the layer that a reader can search for: one word for a thing, and no name that says too little."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path
    for folder in ("layers/shared/parley", "layers/media/parley_media", "functions")
    for path in (ROOT / folder).rglob("*.py")
)
# Names that said too little, or the same as another; each with the one that is used now.
OLD = {
    "Eyes": "Viewer",
    "both": "in_parallel",
    "Errand": "FanOut",
    "errands": "fan_out",
    "Mark": "PersonalMark",
    "Marks": "PersonalMarks",
    "marks": "personal_marks",
    "markers": "read_markers",
    "Trace": "WordsLeftBehind",
    "traces": "words_left_behind",
    "faults": "invalid_fields",
}
# Verbs that need their noun: 14 modules had a `read`, so no search found the right one.
BARE = {"ask", "get", "page", "put", "read", "run", "step"}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def names() -> Iterator[tuple[str, str]]:
    """Yields the name of each module, class and function, with its place; methods too."""
    for path in SOURCES:
        yield path.stem, named(path)
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield node.name, f"{named(path)}:{node.lineno}"


def test_no_old_name_comes_back() -> None:
    assert SOURCES

    found = [f"{place} {name}: say {OLD[plain]}" for name, place in names() if (plain := name.lstrip("_")) in OLD]

    assert found == []


def test_a_function_of_a_module_says_what_it_reads_or_puts() -> None:
    bare = [
        f"{named(path)}:{node.lineno} {node.name}"
        for path in SOURCES
        for node in tree_of(path).body
        if isinstance(node, ast.FunctionDef) and node.name in BARE
    ]

    assert bare == []


def test_an_exception_has_one_class() -> None:
    classes = [
        node.name
        for path in SOURCES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ClassDef) and node.name == "LostRace"
    ]

    assert Counter(classes) == {"LostRace": 1}


def test_nothing_is_imported_under_another_name() -> None:
    other = [
        f"{named(path)}:{alias.lineno} {alias.name} as {alias.asname}"
        for path in SOURCES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
        if alias.asname
    ]

    assert other == []


def test_a_call_is_a_phone_call() -> None:
    calls = [place.partition(":")[0] for name, place in names() if name == "Call"]

    assert calls == ["layers/shared/parley/adapters/dynamodb/tables.py"]
