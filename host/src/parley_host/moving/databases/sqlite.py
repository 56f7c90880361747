"""SQLite, which Python brings along: a file that is opened to be read, within one transaction."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from parley_host.moving.databases.tables import PATIENCE_S, Table, made, quoted, select

ERRORS: tuple[type[Exception], ...] = (sqlite3.Error,)

CATALOGUE = """
SELECT t.name, c.name, c.pk FROM sqlite_master t, pragma_table_info(t.name) c
WHERE t.type IN ('table', 'view') AND t.name NOT LIKE 'sqlite@_%' ESCAPE '@' ORDER BY t.name, c.cid
"""


def _text(raw: bytes) -> str:
    """Returns a text; a byte that is not UTF-8 becomes half a surrogate, as in a CSV file."""
    return raw.decode("utf-8", "surrogateescape")


class Sqlite:
    """An open database."""

    def __init__(self, path: Path) -> None:
        """Opens it. Raises an error of sqlite3."""
        address = f"file:{quote(str(path))}?mode=ro"
        self._connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=PATIENCE_S)
        self._connection.text_factory = _text

    def tables(self) -> Mapping[str, Table]:
        """Returns the tables and views; its first query fixes the snapshot."""
        self._connection.execute("BEGIN")
        return made(self._connection.execute(CATALOGUE).fetchall())

    def rows(self, table: Table, columns: Sequence[str]) -> Iterator[Sequence[Any]]:
        """Yields rows."""
        named = [*map(quoted, columns)]
        yield from self._connection.execute(select(quoted(table.name), named, [*map(quoted, table.key)] or named))

    def close(self) -> None:
        """Ends the connection."""
        self._connection.close()
