"""The address of a database, its name without a password, and its rows with the faults of a connection in words."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from parley_host.moving.databases.tables import MAX_VALUE, Snapshot, Table, plain
from parley_host.moving.problems import Stop, Wrong
from parley_host.moving.rows import Row, of_columns

MAX_KEY = 200  # characters of a key that a problem names
SHAPE = "the address of a database is SCHEME://USER@HOST:PORT/DATABASE, with %40 for an @ within a part"
KINDS = {
    "postgresql": ("postgresql", "psycopg"),
    "postgres": ("postgresql", "psycopg"),
    "mysql": ("mysql", "pymysql"),
    "mariadb": ("mysql", "pymysql"),
    "sqlite": ("sqlite", ""),
}
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")  # one letter is a drive of Windows
SHOWN = ("host", "port", "schema", "unix_socket")  # parameters that say which database it is


def is_address(given: str) -> bool:
    """Says whether the name of a source is the address of a database and not a file's, also a misspelt address."""
    scheme = given.partition(":")[0].lower()
    return "://" in given or scheme in KINDS or _SCHEME.match(given) is not None


@dataclass(frozen=True)
class Database:
    """A database that is a source; `name` is its address without a password, and the only part that is ever shown."""

    name: str
    kind: str
    parts: SplitResult = field(repr=False)

    @contextmanager
    def opened(self) -> Iterator["Tables"]:
        """Opens the database for one reading. Raises Stop, which names the extra if the driver is missing."""
        driver = self._driver()
        try:
            snapshot: Snapshot = OPENERS[KINDS[self.kind][0]](driver, self)
        except driver.ERRORS as error:
            raise Stop(f"{self.name} cannot be opened: {self.words(error)}") from None
        try:
            yield Tables(self, snapshot, driver.ERRORS)
        finally:
            snapshot.close()

    def _driver(self) -> ModuleType:
        name, package = KINDS[self.kind]
        try:
            return import_module(f"parley_host.moving.databases.{name}")
        except ModuleNotFoundError as error:
            if not package or error.name != package:
                raise
            raise Stop(f"{self.kind}:// needs a driver: pip install 'parley-host[{name}]'.") from None

    def words(self, error: Exception) -> str:
        """Returns the words of a driver as one sentence without the password."""
        said = error.args[-1] if error.args and isinstance(error.args[-1], str) else str(error)
        for secret in self._secrets():
            said = said.replace(secret, "…")
        return " ".join(said.split()).rstrip(".")[:500] + "."

    def _secrets(self) -> Iterator[str]:
        named = [value for name, value in parse_qsl(self.parts.query) if "pass" in name.lower()]
        yield from (each for each in (self.parts.password, unquote(self.parts.password or ""), *named) if each)

    def place(self, table: str) -> str:
        """Returns the name of a table for a person."""
        return f"{self.name.partition('?')[0]}/{table}"


def _postgresql(driver: ModuleType, database: Database) -> Snapshot:
    """Opens PostgreSQL; libpq understands all parameters but the schema, which is Prisma's."""
    given = parse_qsl(database.parts.query, keep_blank_values=True)
    rest = urlencode([(name, value) for name, value in given if name != "schema"], quote_via=quote)
    address = urlunsplit(database.parts._replace(query=rest, fragment=""))
    opened: Snapshot = driver.PostgreSql(address, dict(given).get("schema"))
    return opened


def _mysql(driver: ModuleType, database: Database) -> Snapshot:
    of, more = database.parts, _parameters(database, driver.OPTIONS)
    user, password = (None if each is None else unquote(each) for each in (of.username, of.password))
    name = unquote(of.path.removeprefix("/"))
    opened: Snapshot = driver.MySql(of.hostname or "localhost", of.port or 3306, name, user, password, **more)
    return opened


def _sqlite(driver: ModuleType, database: Database) -> Snapshot:
    _parameters(database, ())
    opened: Snapshot = driver.Sqlite(_file(database.parts))
    return opened


OPENERS = {"postgresql": _postgresql, "mysql": _mysql, "sqlite": _sqlite}


def _parameters(database: Database, known: Sequence[str]) -> dict[str, str]:
    """Returns the parameters of an address; raises Stop for one that is not known."""
    found = dict(parse_qsl(database.parts.query, keep_blank_values=True))
    if unknown := set(found) - set(known):
        raise Stop(f"{database.name}: no parameter of {database.kind}:// is called {sorted(unknown)[0]!r}.")
    return found


def database(given: str) -> Database:
    """Returns the database of an address; raises Stop, without the address, for one that is none."""
    kind, _, rest = given.partition(":")
    if not rest.startswith("//"):
        raise Stop(f"{SHAPE}; {kind[:20]}: is followed by something else than two slashes.")
    if kind not in KINDS:
        known = ", ".join(f"{each}://" for each in KINDS)
        raise Stop(f"{kind[:20]}:// is no database that parley-import knows: {known}.")
    try:
        parts = urlsplit(given)
        is_whole = parts.port != 0 and not parts.fragment and len(parts.path) > 1
    except ValueError:
        is_whole = False
    if not is_whole or re.search(r"\s", given):
        raise Stop(f"{SHAPE}; {kind}:// is followed by something else.")
    if KINDS[kind][0] == "sqlite":
        if parts.netloc:
            raise Stop("sqlite:// has no host: three slashes stand before a file of this folder, four before the root.")
        return Database(f"sqlite:///{_file(parts)}", kind, parts._replace(path=f"/{_file(parts)}", netloc=""))
    shown = urlencode([(name, value) for name, value in parse_qsl(parts.query) if name in SHOWN], quote_via=quote)
    host = parts.netloc.rpartition("@")[2]
    where = host if parts.username is None else f"{parts.netloc.partition('@')[0].partition(':')[0]}@{host}"
    return Database(urlunsplit((kind, where, parts.path, shown, "")), kind, parts)


def _file(parts: SplitResult) -> Path:
    """Returns the file of SQLite: three slashes before one of this folder, four before one from the root."""
    return Path(unquote(parts.path.removeprefix("/"))).resolve()


class Tables:
    """The tables of a database that is open."""

    def __init__(self, of: Database, snapshot: Snapshot, errors: tuple[type[Exception], ...]) -> None:
        self._of = of
        self._snapshot = snapshot
        self._errors = errors

    def found(self) -> Mapping[str, Table]:
        """Returns the tables by their names. Raises Stop."""
        try:
            return self._snapshot.tables()
        except self._errors as error:
            raise Stop(f"{self._of.name} cannot be read: {self._of.words(error)}") from None

    def rows(self, table: Table, columns: Sequence[str]) -> Iterator[Row]:
        """Yields the rows of a table with their numbers and keys; raises Stop with both if the database goes away."""
        wanted = [*columns, *(each for each in table.key if each not in columns)]
        number, key = 0, ""
        try:
            for number, values in enumerate(self._snapshot.rows(table, wanted), 1):
                found = [plain(each) for each in values]
                key = _key(dict(zip(wanted, found, strict=True)), table)
                yield _row(wanted[: len(columns)], found[: len(columns)], number, key)
        except self._errors as error:
            after = f" after row {number:,}{f' ({key})' if key else ''}" if number else ""
            place = self._of.place(table.name)
            raise Stop(f"{place} cannot be read{after}: {self._of.words(error)} Nothing of it is in Parley.") from None


def _row(columns: list[str], values: list[Any], number: int, key: str) -> Row:
    for name, value in zip(columns, values, strict=True):
        if isinstance(value, str | bytes) and len(value) > MAX_VALUE:
            wrong = Wrong("line_too_long", f"The value has more than {MAX_VALUE:,} characters.", f"/{name}")
            return Row(number, 0, fault=wrong, key=key)
    row = of_columns(columns, values, number)
    return Row(number, 0, row.value, row.fault, key)


def _key(row: Mapping[str, Any], table: Table) -> str:
    return ", ".join(f"{name} {_shown(row[name])}" for name in table.key)[:MAX_KEY]


def _shown(value: Any) -> str:
    """Returns a part of a key as a problem names it; bytes in hexadecimal, as SQL takes them."""
    return f"0x{value.hex()}" if isinstance(value, bytes) else repr(value)
