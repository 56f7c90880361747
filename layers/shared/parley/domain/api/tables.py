"""Tables as CSV (RFC 4180): a line of names, then a line for each row; fields of fields are `a.b`."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Csv(Struct, frozen=True):
    """A table as text, which is sent as `text/csv`. `next` is the cursor of its next page, if there is one."""

    text: str
    next: str | None = None


def table(rows: Iterable[Struct], names: Iterable[str], next: str | None = None) -> Csv:
    """Returns a table of these columns; a name leads into objects by dots. What is missing, or null, is empty."""
    columns = list(names)
    plain = [dict(_flat(msgspec.to_builtins(row))) for row in rows]
    lines = [columns, *([_cell(row.get(name)) for name in columns] for row in plain)]
    return Csv("".join(",".join(map(_quoted, line)) + "\r\n" for line in lines), next)


def _flat(value: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield from _flat(inner, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", inner


def _cell(value: Any) -> str:
    """Returns the text of a value. A text that a spreadsheet would run as a formula begins with an apostrophe."""
    if value is None:
        return ""
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def _quoted(text: str) -> str:
    if any(letter in text for letter in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text
