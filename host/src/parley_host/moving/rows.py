"""The rows of dumps, each with its line: JSON Lines, a list in a JSON file, CSV with a header, and `mysql --batch`."""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parley_host.moving.lines import MAX_LINE_BYTES, lines
from parley_host.moving.problems import Wrong
from parley_host.moving.records import parsed

ENDINGS = (".jsonl", ".json", ".csv", ".tsv")
UNREADABLE = {
    "line_too_long": "The line has more than 1,048,576 bytes.",
    "not_utf8": "The line is not in UTF-8.",
}
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}


@dataclass(frozen=True)
class Row:
    """One row: its line, the bytes up to its end, its value or the fault for which it has none, and a table's key."""

    number: int
    end: int
    value: Any = None
    fault: Wrong | None = None
    key: str = ""


def rows(path: Path, offset: int = 0, number: int = 0) -> Iterator[Row]:
    """Yields the rows after a line; `offset` is the place after it. Raises OSError if the file goes away."""
    if path.suffix == ".csv":
        yield from (row for row in _csv(path) if row.number > number)
    elif path.suffix == ".tsv":
        yield from (row for row in _tsv(path) if row.number > number)
    elif path.suffix == ".json":
        yield from (row for row in _list(path) if row.end > offset)
    else:
        yield from json_lines(path, offset, number)


def json_lines(path: Path, offset: int = 0, number: int = 0) -> Iterator[Row]:
    """Yields the rows of JSON Lines; an empty line is none."""
    for line in lines(path, offset, number):
        if line.text is None:
            yield Row(line.number, line.end, fault=Wrong(line.fault, UNREADABLE[line.fault]))
        elif line.text.strip():
            yield _parsed(line.text, line.number, line.end, line.is_whole)


def _parsed(text: str, number: int, end: int, is_whole: bool) -> Row:
    try:
        return Row(number, end, parsed(text))
    except Wrong as wrong:
        half = Wrong("half_a_line", "The file ends within this line.")
        return Row(number, end, fault=wrong if is_whole else half)


def _csv(path: Path) -> Iterator[Row]:
    """Yields the rows of a CSV file; an empty value and \\N are null. A row has the number of its last line."""
    csv.field_size_limit(MAX_LINE_BYTES)
    with path.open(encoding="utf-8-sig", newline="", errors="surrogateescape") as file:
        reader = csv.reader(file, strict=True)
        names = next(reader, [])
        while True:
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Row(reader.line_num, 0, fault=Wrong("bad_csv", f"The row cannot be read: {error}."))
                continue
            if values:
                yield of_columns(names, [None if each in ("", "\\N") else each for each in values], reader.line_num)


def of_columns(names: list[str], values: list[Any], number: int, end: int = 0) -> Row:
    """Returns the row of these columns, or its fault: other columns than the header, or bytes that are not UTF-8."""
    if len(values) != len(names):
        detail = f"The row has {len(values)} values, and the header {len(names)}."
        return Row(number, end, fault=Wrong("bad_row", detail))
    if any(isinstance(each, str) and re.search("[\udc80-\udcff]", each) for each in values):
        return Row(number, end, fault=Wrong("not_utf8", UNREADABLE["not_utf8"]))
    return Row(number, end, dict(zip(names, values, strict=True)))


def _tsv(path: Path) -> Iterator[Row]:
    """Yields the rows of `mysql --batch`: tabs between values, escapes within them, NULL for null."""
    names: list[str] = []
    for line in lines(path):
        if line.text is None:
            yield Row(line.number, line.end, fault=Wrong(line.fault, UNREADABLE[line.fault]))
            continue
        values = line.text.rstrip("\r\n").split("\t")
        if not names:
            names = values
        else:
            unescaped = [None if each in ("NULL", "\\N") else _unescaped(each) for each in values]
            yield of_columns(names, unescaped, line.number, line.end)


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]), text)


def _list(path: Path) -> Iterator[Row]:
    """Yields the objects of a JSON file that is a list, one after the other: the whole is never in memory."""
    decoder = json.JSONDecoder()
    with path.open(encoding="utf-8-sig") as file:
        rest, number, end, is_over = "", 1, 0, False
        while True:
            space = re.match(r"[\s,\[\]]*", rest)
            skipped = space[0] if space else ""
            number, end, rest = number + skipped.count("\n"), end + len(skipped), rest[len(skipped) :]
            try:
                value, length = decoder.raw_decode(rest)
                # A number at the end of what was read may have more digits.
                if length == len(rest) and not is_over:
                    raise ValueError
            except RecursionError:
                yield Row(number, end, fault=Wrong("bad_json", "The rest of the file is nested too deeply."))
                return
            except ValueError:
                more = file.read(65_536)
                if more and len(rest) <= MAX_LINE_BYTES:
                    rest += more
                    continue
                if not is_over and not more:
                    is_over = True
                    continue
                if rest:
                    yield Row(number, end + len(rest), fault=Wrong("bad_json", "The rest of the file is no JSON."))
                return
            yield Row(number, end + length, value)
            number, end, rest = number + rest.count("\n", 0, length), end + length, rest[length:]


def columns(value: Any) -> Mapping[str, Any]:
    """Returns a row as an object; raises Wrong if it is none."""
    if not isinstance(value, dict):
        raise Wrong("wrong_type", "A row is a JSON object.")
    return value
