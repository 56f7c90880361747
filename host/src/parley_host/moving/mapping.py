"""A mapping: which tables and columns of an old system become which records. docs/operate/moving-in.md explains it."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from parley_host.moving import mapping_shape
from parley_host.moving.problems import Stop, Wrong
from parley_host.moving.values import rfc3339

Row = Mapping[str, Any]
MAX_MS = 253_402_300_799_999  # the end of the year 9999
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]+)?")
_TIME = re.compile(
    r"([0-9-]{10})[T ]([0-9:]{5,8})(?:[.,]([0-9]+))?\s*(Z|UTC|[+-][0-9]{2}(?::?[0-9]{2})?)?", re.IGNORECASE
)
_ABSENT = object()  # a column that must be there, and is null: what holds it is left out


class TableMapping:
    """A mapping that was read and checked."""

    def __init__(self, given: Any) -> None:
        """Raises Stop for a mapping with a mistake, and names its place."""
        mapping_shape.check(given, CONVERSIONS)
        self._zone = _zone(given.get("time_zone", "UTC"))
        self._words: Mapping[str, Mapping[str, str]] = given.get("words", {})
        self._left_out = set(given.get("left_out", ()))
        self._tables: dict[str, list[Any]] = {}
        for table, records in given["tables"].items():
            self._tables[table] = records if isinstance(records, list) else [records]

    def has(self, table: str) -> bool:
        """Says whether the mapping reads a table."""
        return table in self._tables

    def leaves_out(self, table: str) -> bool:
        """Says whether the mapping knows that a table becomes nothing."""
        return table in self._left_out

    def tables(self) -> list[str]:
        """Returns the tables that the mapping reads."""
        return [*self._tables]

    def used(self, table: str) -> set[str]:
        """Returns the columns of a table that the mapping reads."""
        return {name for record in self._tables[table] for name in _columns(record)}

    def required(self, table: str) -> set[tuple[str, ...]]:
        """Returns the columns of a table that must be there; of several in one tuple one is enough."""
        return {names for record in self._tables[table] for names in _required(record)}

    def left_out(self, table: str, columns: Iterable[str]) -> list[str]:
        """Returns the columns of a table that become nothing."""
        used = self.used(table)
        return sorted(name for name in set(columns) - used if f"{table}.{name}" not in self._left_out)

    def records(self, table: str, row: Row) -> Iterator[dict[str, Any]]:
        """Yields the records of a row; raises Wrong, which names the column, for a value that cannot be converted."""
        for template in self._tables[table]:
            if "when" in template and not self._holds(template["when"], row):
                continue
            made = {name: self._value(each, row) for name, each in template.items() if name != "when"}
            yield {name: value for name, value in made.items() if value is not None and value is not _ABSENT}

    def _value(self, template: Any, row: Row, item: Any = None) -> Any:
        """Returns the value of a template; `_ABSENT` if a column in it that must be there is null."""
        if isinstance(template, str) and template.startswith("$"):
            return self._column({"column": template[1:]}, row, item)
        if isinstance(template, list):
            return _present(self._value(one, row, item) for one in template)
        if not isinstance(template, dict):
            return template
        if "column" in template:
            return self._column(template, row, item)
        if "each" in template:
            return self._each(template, row)
        made = {name: self._value(each, row, item) for name, each in template.items()}
        if any(value is _ABSENT for value in made.values()):
            return _ABSENT
        return {name: value for name, value in made.items() if value is not None}

    def _each(self, template: Row, row: Row) -> Any:
        found = self._value(template["each"], row)
        if found is None or found is _ABSENT:
            return _ABSENT
        if not isinstance(found, list):
            raise Wrong("wrong_type", "This column is no list.", "/" + next(_columns(template), ""))
        return _present(self._value(template["make"], row, item) for item in found)

    def _column(self, expression: Row, row: Row, item: Any) -> Any:
        named = expression["column"]
        names = [named] if isinstance(named, str) else named
        is_optional = names[0].endswith("?")
        if "when" in expression and not self._holds(expression["when"], row):
            return None
        if names[0].rstrip("?") == ".":
            value = item
        elif names[0].startswith(".") and isinstance(item, dict):
            value = item.get(names[0][1:].rstrip("?"))
        else:
            value = next((row[name.rstrip("?")] for name in names if row.get(name.rstrip("?")) is not None), None)
        if value is None:
            value = expression.get("default")
        if value is None:
            return None if is_optional else _ABSENT
        try:
            return self._converted(expression, value)
        except Wrong as wrong:
            raise Wrong(wrong.code, wrong.detail, "/" + names[0].rstrip("?")) from None

    def _converted(self, expression: Row, value: Any) -> Any:
        if isinstance(value, bytes) and expression.get("as") != "hex":
            value = text_of(value)
        if "word" in expression:
            words = self._words[expression["word"]]
            if str(value) not in words:
                raise Wrong("unknown_word", f"The map knows no {expression['word']} {str(value)[:40]!r}.")
            return words[str(value)]
        if expression.get("as") == "time":
            return time_of(value, self._zone)
        return CONVERSIONS[expression.get("as", "text")](value)

    def _holds(self, condition: Any, row: Row) -> bool:
        """Says whether a condition holds: a column is true, or has one of some values, or is null.

        Raises Wrong, which names the column.
        """
        named = condition.removeprefix("!") if isinstance(condition, str) else condition["column"]
        name = named.rstrip("?")
        try:
            if isinstance(condition, str):
                value = row.get(name)
                return (value is not None and flag_of(value)) != condition.startswith("!")
            return self._is_one(condition, row.get(name)) == ("is" in condition)
        except Wrong as wrong:
            raise Wrong(wrong.code, wrong.detail, f"/{name}") from None

    def _is_one(self, condition: Row, value: Any) -> bool:
        """Says whether a column has one of the values of a condition; bytes are read only to compare them."""
        named = condition.get("is", condition.get("is_not", ()))
        words = [each for each in named if each is not None]
        if value is None or not words:
            return value is None and None in named
        is_hex = condition.get("as") == "hex"
        return str(self._converted(condition, value)) in [_hex_of(each) if is_hex else str(each) for each in words]


def _present(values: Iterator[Any]) -> list[Any]:
    return [each for each in values if each is not None and each is not _ABSENT]


def _columns(template: Any) -> Iterator[str]:
    """Yields the names of the columns that a template reads."""
    if isinstance(template, str) and template.startswith("$"):
        yield template[1:].rstrip("?")
    if isinstance(template, list):
        for each in template:
            yield from _columns(each)
    if isinstance(template, dict):
        named = template.get("column", ())
        yield from (name.rstrip("?") for name in ([named] if isinstance(named, str) else named))
        when = template.get("when")
        if isinstance(when, str):
            yield when.removeprefix("!").rstrip("?")
        for name, each in template.items():
            if name != "column":
                yield from _columns(each)


def _required(template: Any) -> Iterator[tuple[str, ...]]:
    """Yields the columns that must be there, each with those that may stand for it: those without a `?`."""
    if isinstance(template, str) and template.startswith("$"):
        yield from _required({"column": template[1:]})
    elif isinstance(template, list):
        for each in template:
            yield from _required(each)
    elif isinstance(template, dict):
        if "column" in template:
            named = template["column"]
            names = [named] if isinstance(named, str) else named
            is_of_item = names[0].startswith(".")
            if not is_of_item and "default" not in template and not any(each.endswith("?") for each in names):
                yield tuple(names)
        for name, each in template.items():
            if name == "when" and isinstance(each, str):
                yield from _required({"column": each.removeprefix("!")})
            elif name not in ("column", "default", "is", "is_not"):
                yield from _required(each)


def read(path: Path) -> TableMapping:
    """Returns the mapping of a file; raises Stop."""
    try:
        return TableMapping(mapping_shape.parsed(path.read_text(encoding="utf-8-sig")))
    except OSError as error:
        raise Stop(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise Stop(f"{path} is not in UTF-8.") from None
    except Stop as stop:
        raise Stop(f"{path}: {stop}") from None


def _zone(name: Any) -> tzinfo:
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Stop(f"the mapping's time zone {name!r} is not known on this machine.") from None


def time_of(value: Any, zone: tzinfo) -> str:
    """Returns a time of an old system as the format has it: ISO 8601 or SQL, or a number of seconds or milliseconds.

    A time without an offset is one of `zone`.
    """
    if _NUMBER.fullmatch(str(value)):
        number = float(value)
        ms = int(number if abs(number) > 100_000_000_000 else number * 1000)  # seconds up to the year 5138
        if not 0 <= ms <= MAX_MS:
            raise Wrong("bad_format", "This number is no time.")
        return rfc3339(ms)
    found = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise Wrong("bad_format", f"{str(value)[:40]!r} is no time.")
    offset = (found[4] or "").upper()
    plain = f"{found[1]}T{found[2]}.{(found[3] or '0')[:6]:0<6}"
    try:
        at = datetime.fromisoformat(plain + {"Z": "+00:00", "UTC": "+00:00"}.get(offset, offset))
        at = at if at.tzinfo else at.replace(tzinfo=zone)
        return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError):
        raise Wrong("bad_format", f"{value[:40]!r} is no time.") from None


def text_of(value: bytes) -> str:
    """Returns the text of a column of bytes."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise Wrong("not_utf8", "The bytes are not text in UTF-8; `as` `hex` makes an id of them.") from None


def flag_of(value: Any) -> bool:
    """Returns a truth value of an old system: true, 1, t, yes, on, and their opposites."""
    word = str(text_of(value) if isinstance(value, bytes) else value).strip().lower()
    if word in ("true", "1", "t", "yes", "y", "on", "\x01"):
        return True
    if word in ("false", "0", "f", "no", "n", "off", "", "\x00"):
        return False
    raise Wrong("wrong_type", f"{word[:40]!r} is neither true nor false.")


def _json_of(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise Wrong("bad_json", "This column is no JSON.") from None


def _hex_of(value: Any) -> str:
    """Returns bytes in hexadecimal, also those that a dump has as `\\x…` or `0x…`."""
    return value.hex() if isinstance(value, bytes) else re.sub(r"^(\\x|0x)", "", str(value)).lower()


CONVERSIONS: Mapping[str, Callable[[Any], Any]] = {
    "text": lambda value: value,
    "time": lambda value: value,  # needs the mapping's time zone
    "flag": flag_of,
    "json": _json_of,
    "hex": _hex_of,
    "lower": lambda value: str(value).lower(),
}
