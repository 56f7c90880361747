"""Unreadable rows: a row that cannot be decoded must not end a request about others."""

from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Protocol, TypeVar

from aws_lambda_powertools import Logger

from parley.adapters import metrics
from parley.domain.api import custom_data

# The decoding of a damaged row raises one of these: an attribute is missing, or has another type.
ERRORS = (AttributeError, KeyError, TypeError, ValueError)
MAX_LOGGED = 20  # ids in one line of the log

Parts = tuple[str | int, ...]  # of a row's key


class HasKey(Protocol):
    """A row of a table."""

    def key_parts(self) -> Parts: ...


Key = TypeVar("Key", bound=str | int | Parts)
Row = TypeVar("Row", bound=HasKey)
Value = TypeVar("Value")

logger = Logger()


class UnreadableRow(ValueError):
    """An attribute of a row has another type than its model says. `item` is the row in DynamoDB's own notation."""

    def __init__(self, key: Parts, item: Mapping[str, Any]) -> None:
        super().__init__(f"the row {_id(key)} cannot be read")
        self.key = key
        self.name = _id(key)
        self.item = item


def readable(table: str, keys: Iterable[Key], read: Callable[[Key], Value | None]) -> dict[Key, Value]:
    """Returns what `read` returns for each key, without None and without unreadable rows; it reports those."""
    found: dict[Key, Value] = {}
    damaged = []
    for key in keys:
        try:
            value = read(key)
        except ERRORS:
            damaged.append(_id(key))
        else:
            if value is not None:
                found[key] = value
    report(table, damaged)
    return found


def decoded(table: str, rows: Iterator[Row], decode: Callable[[Row], Value]) -> Generator[Value, None, None]:
    """Yields the decoded rows of a query without unreadable ones, which it reports at the end."""
    damaged: list[str] = []
    try:
        for row in each(rows):
            if isinstance(row, UnreadableRow):
                damaged.append(row.name)
                continue
            try:
                value = decode(row)
            except ERRORS:
                damaged.append(_id(row.key_parts()))
            else:
                yield value
    finally:
        report(table, damaged)


def first(table: str, rows: Iterator[Row], decode: Callable[[Row], Value], limit: int) -> list[Value]:
    """Returns up to `limit` decoded rows of a query without unreadable ones, which it reports.

    The query has the limit as its `page_size` only: after a damaged row it must read one row more, or the page would
    look like the last one.
    """
    values = decoded(table, rows, decode)
    found = list(islice(values, limit))
    values.close()
    return found


def each(rows: Iterator[Row]) -> Iterator[Row | UnreadableRow]:
    """Yields the rows of a query, each unreadable one as its error."""
    while True:
        try:
            # PynamoDB's iterator has moved on before it decodes a row, so the next call returns the row after it.
            row = next(rows)
        except UnreadableRow as error:
            yield error
        except StopIteration:
            return
        else:
            yield row


def metadata(text: str | None, table: str, row_id: str) -> str | None:
    """Returns a row's metadata; None if their text is damaged, so that they hide no more than themselves."""
    try:
        custom_data.from_compact(text)
    except ERRORS:
        report(table, [row_id])
        return None
    return text


def report(table: str, ids: Collection[str]) -> None:
    """Logs the ids of unreadable rows in one line, without their content, and counts the rows."""
    if ids:
        # The deployer must mend them, and an error rings the alarm.
        logger.error("row_unreadable", code="row_unreadable", table=table, ids=sorted(ids)[:MAX_LOGGED])
        metrics.count("RowsUnreadable", len(ids), table=table)


def _id(key: str | int | Parts) -> str:
    return "/".join(str(part) for part in key) if isinstance(key, tuple) else str(key)
