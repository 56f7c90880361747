"""MySQL and MariaDB, by PyMySQL: one read-only transaction with a consistent snapshot, and rows as they arrive."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pymysql
from pymysql.constants import FIELD_TYPE
from pymysql.converters import conversions
from pymysql.cursors import SSCursor

from parley_host.moving.databases.tables import PATIENCE_S, Table, made, quoted, select

ERRORS: tuple[type[Exception], ...] = (pymysql.Error, OSError, UnicodeError)

READ_TIMEOUT_S = 600  # a table without a key is sorted before its first row comes
OPTIONS = ("ssl_ca", "ssl_cert", "ssl_key", "unix_socket")  # of the address, as PyMySQL calls them
BEGIN = (
    "SET SESSION time_zone = '+00:00', net_write_timeout = 3600",
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
)
CATALOGUE = """
SELECT c.table_name, c.column_name, s.seq_in_index
FROM information_schema.columns c LEFT JOIN information_schema.statistics s
ON s.table_schema = c.table_schema AND s.table_name = c.table_name AND s.column_name = c.column_name
AND s.index_name = 'PRIMARY'
WHERE c.table_schema = DATABASE() ORDER BY c.table_name, c.ordinal_position
"""


def _in_utc(text: str) -> str:
    """Returns the time of a column TIMESTAMP, which the server keeps in UTC and shows in the session's zone."""
    return f"{text}+00:00"


# A column DATETIME has no zone, so it stays as it is written. Python has no time of zeros, which MySQL has.
OF_TIMES: dict[int | type[Any], Any] = dict.fromkeys((FIELD_TYPE.DATETIME, FIELD_TYPE.DATE, FIELD_TYPE.TIME), str)
CONVERSIONS: dict[int | type[Any], Any] = {**conversions, **OF_TIMES, FIELD_TYPE.TIMESTAMP: _in_utc}


class MySql:
    """An open database."""

    def __init__(self, host: str, port: int, database: str, user: str | None, password: str | None, **options: str):
        """Opens it; without a password the variable MYSQL_PWD has one. Raises an error of PyMySQL."""
        more: dict[str, Any] = options
        self._connection = pymysql.connect(
            host=host,
            port=port,
            database=database,
            user=user,
            password=password or os.environ.get("MYSQL_PWD", ""),
            charset="utf8mb4",
            conv=CONVERSIONS,
            cursorclass=SSCursor,
            connect_timeout=PATIENCE_S,
            read_timeout=READ_TIMEOUT_S,
            **more,
        )
        self._open: SSCursor | None = None

    def tables(self) -> Mapping[str, Table]:
        """Returns the tables and views of the database; the snapshot begins here."""
        with self._connection.cursor() as cursor:
            for statement in BEGIN:
                cursor.execute(statement)
            cursor.execute(CATALOGUE)
            return made([*cursor])

    def rows(self, table: Table, columns: Sequence[str]) -> Iterator[Sequence[Any]]:
        """Yields rows."""
        named = [quoted(each, "`") for each in columns]
        order = [quoted(each, "`") for each in table.key] or named
        cursor = self._open = SSCursor(self._connection)
        cursor.execute(select(quoted(table.name, "`"), named, order))
        yield from cursor
        cursor.close()
        self._open = None

    def close(self) -> None:
        """Ends the connection; PyMySQL would read the rest of an open table first, however long it is."""
        cursor: Any = self._open
        if cursor is not None:
            if cursor._result is not None:
                cursor._result.unbuffered_active = False
            cursor.connection = None
        if self._connection.open:
            self._connection.close()
