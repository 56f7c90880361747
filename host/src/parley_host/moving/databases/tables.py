"""The part that all databases share: a table with its columns, and the statement that reads it."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

MAX_VALUE = 1_048_576  # characters or bytes of one value, as in a line of a dump
ROWS_AT_ONCE = 500  # that a driver holds
PATIENCE_S = 20  # until a server that does not answer is given up


@dataclass(frozen=True)
class Table:
    """A table or a view: its columns in their order, and those of its primary key, none for a view."""

    name: str
    columns: Sequence[str]
    key: Sequence[str] = ()


class Snapshot(Protocol):
    """An open database, as it was in one moment. Its methods raise the errors of its driver."""

    def tables(self) -> Mapping[str, Table]:
        """Returns the tables and views of the schema, by their names."""

    def rows(self, table: Table, columns: Sequence[str]) -> Iterator[Sequence[Any]]:
        """Yields the values of these columns for each row, in the order of the key, else of the columns themselves."""

    def close(self) -> None:
        """Ends the connection, also in the middle of a table."""


def made(found: Sequence[tuple[str, str, int | None]]) -> Mapping[str, Table]:
    """Returns tables of rows of a catalogue: table, column, and the place in the primary key if it has one."""
    columns: dict[str, list[str]] = {}
    keys: dict[str, dict[int, str]] = {}
    for table, column, place in found:
        columns.setdefault(table, []).append(column)
        if place:
            keys.setdefault(table, {})[place] = column
    in_order = {name: [column for _, column in sorted(keys.get(name, {}).items())] for name in columns}
    return {name: Table(name, columns[name], in_order[name]) for name in columns}


def select(place: str, columns: Sequence[str], order: Sequence[str]) -> str:
    """Returns the statement that reads a table; all names are quoted already."""
    return f"SELECT {', '.join(columns)} FROM {place} ORDER BY {', '.join(order)}"


def quoted(name: str, mark: str = '"') -> str:
    """Returns a name between quotation marks; those within it are doubled."""
    return f"{mark}{name.replace(mark, mark * 2)}{mark}"


def plain(value: Any) -> Any:
    """Returns a value as a dump would have it: times, numbers with a fixed point and UUIDs as text.

    Bytes stay bytes, because only the mapping knows whether they are text.
    """
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if value is None or isinstance(value, bool | int | str | bytes):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return str(value)
