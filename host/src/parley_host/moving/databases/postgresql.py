"""PostgreSQL, by psycopg: one read-only transaction of REPEATABLE READ, and a cursor that the server keeps."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import IsolationLevel
from psycopg.abc import Buffer

from parley_host.moving.databases.tables import PATIENCE_S, ROWS_AT_ONCE, Table, made, quoted, select

ERRORS: tuple[type[Exception], ...] = (psycopg.Error,)

# Texts stay as the server writes them: Python has no time that is infinite, and a dump has JSON as text, too.
AS_TEXT = (
    "timestamp",
    "timestamptz",
    "date",
    "time",
    "timetz",
    "interval",
    "json",
    "jsonb",
    "text",
    "varchar",
    "bpchar",
)
# Without these a server that is gone is noticed after two hours.
ALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 6, "connect_timeout": PATIENCE_S}
SETTINGS = {
    "TimeZone": "UTC",
    "DateStyle": "ISO",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}
CATALOGUE = """
SELECT c.relname, a.attname, array_position(i.indkey::int2[], a.attnum) + 1
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = coalesce(%s, current_schema()))
ORDER BY c.relname, a.attnum
"""


class _Text(psycopg.adapt.Loader):
    """Loads a value as the server writes it; a byte that is not UTF-8 becomes half a surrogate, as in a CSV file."""

    def load(self, data: Buffer) -> str:
        return bytes(data).decode("utf-8", "surrogateescape")


class PostgreSql:
    """An open database."""

    def __init__(self, address: str, schema: str | None) -> None:
        """Opens it; the address is libpq's. Raises an error of psycopg."""
        given = psycopg.conninfo.conninfo_to_dict(address)
        wanted: dict[str, Any] = {"application_name": "parley-import", **ALIVE, **given, "client_encoding": "utf8"}
        self._connection = psycopg.connect(**wanted)
        self._connection.isolation_level = IsolationLevel.REPEATABLE_READ
        self._connection.read_only = True
        for name in AS_TEXT:
            self._connection.adapters.register_loader(name, _Text)
        self._schema = schema

    def tables(self) -> Mapping[str, Table]:
        """Returns the tables and views of the schema; its first query fixes the snapshot."""
        for name, value in SETTINGS.items():
            self._connection.execute("SELECT set_config(%s, %s, true)", (name, value))
        return made(self._connection.execute(CATALOGUE, (self._schema,)).fetchall())

    def rows(self, table: Table, columns: Sequence[str]) -> Iterator[Sequence[Any]]:
        """Yields rows; of a table without a key in the order of their text, because JSON has no order of its own."""
        place = quoted(table.name) if self._schema is None else f"{quoted(self._schema)}.{quoted(table.name)}"
        named = [*map(quoted, columns)]
        order = [*map(quoted, table.key)] or [f"{each}::text" for each in named]
        with self._connection.cursor("parley_import") as cursor:
            cursor.itersize = ROWS_AT_ONCE
            yield from cursor.execute(select(place, named, order).encode())

    def close(self) -> None:
        """Ends the connection."""
        self._connection.close()
