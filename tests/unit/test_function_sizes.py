"""The length of functions and the number of their arguments, in the code that runs in Lambda.

The longest counts from its `def` to its last line. Median and ninth decile count the same without the docstring: else
they would ask for shorter explanations, not for shorter code. A function within a function counts by itself and as a
part of the other. `self` and `cls` are no arguments, `*args` and `**kwargs` are one each.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from msgspec import Struct

ROOT = Path(__file__).parents[2]
MEDIAN_LINES = 5
P90_LINES = 15
MOST_LINES = 40
MOST_ARGUMENTS = 8


class Function(Struct, frozen=True):
    """A function of the layer or of a handler."""

    place: str
    lines: int
    docstring_lines: int
    arguments: int

    @property
    def code_lines(self) -> int:
        return self.lines - self.docstring_lines

    def __str__(self) -> str:
        return f"{self.place}: {self.lines} lines, {self.code_lines} of them code, {self.arguments} arguments"


def functions() -> list[Function]:
    """Returns every function, the longest first."""
    paths = [path for folder in ("layers", "functions") for path in sorted((ROOT / folder).rglob("*.py"))]
    found = [function for path in paths for function in _functions_of(path)]
    return sorted(found, key=lambda function: -function.code_lines)


def _functions_of(path: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            place = f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
            docstring_lines = _lines_of(node.body[0]) if ast.get_docstring(node) is not None else 0
            yield Function(place, _lines_of(node), docstring_lines, _arguments_of(node.args))


def _lines_of(node: ast.stmt) -> int:
    return (node.end_lineno or 0) - node.lineno + 1


def _arguments_of(arguments: ast.arguments) -> int:
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    others = [argument for argument in (arguments.vararg, arguments.kwarg) if argument is not None]
    return len([argument for argument in named if argument.arg not in ("self", "cls")]) + len(others)


def listed(found: list[Function]) -> str:
    return "\n".join(str(function) for function in found)


def test_no_function_is_longer_than_a_screen() -> None:
    too_long = [function for function in functions() if function.lines > MOST_LINES]

    assert not too_long, f"over {MOST_LINES} lines:\n{listed(too_long)}"


def test_no_function_takes_more_arguments_than_one_can_keep_in_mind() -> None:
    too_wide = [function for function in functions() if function.arguments > MOST_ARGUMENTS]

    assert not too_wide, f"over {MOST_ARGUMENTS} arguments:\n{listed(too_wide)}"


def test_one_function_in_ten_at_most_is_longer_than_a_paragraph() -> None:
    found = functions()
    long = [function for function in found if function.code_lines > P90_LINES]

    assert len(long) <= len(found) // 10, (
        f"{len(long)} of {len(found)} have over {P90_LINES} lines of code:\n{listed(long)}"
    )


def test_half_of_all_functions_are_short() -> None:
    found = functions()
    middle = median(function.code_lines for function in found)

    assert len(found) > 1_000
    assert middle <= MEDIAN_LINES, f"the median is {middle}; over it:\n{listed(found[: len(found) // 4])}"
