"""Reads files into the staging file, row by row; an interrupted reading continues where it was."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from parley_host.moving import contents, rows
from parley_host.moving.databases.source import Database, Tables
from parley_host.moving.databases.tables import Table
from parley_host.moving.mapping import TableMapping
from parley_host.moving.problems import Fault, Stop, Wrong, shown
from parley_host.moving.progress import Progress
from parley_host.moving.records import checked
from parley_host.moving.rows import Row
from parley_host.moving.staging import Staging

ROWS_AT_ONCE = 10_000  # of one transaction
MAX_LEFT_OUT = 1_000  # columns of one file that are named
EMPTY = Fault("empty", "", "The file has no records.", "warning")
MAX_NAMED = 20  # tables of a database without one that the mapping knows


class Reader:
    """Stages files of the format, or dumps and databases that a mapping explains.

    The name of a dump's file is its table's.
    """

    def __init__(
        self, staging: Staging, now_ms: int, mapping: TableMapping | None = None, files: Path | None = None
    ) -> None:
        """Takes the folder of the messages' files, whose paths are looked up in it."""
        self._staging = staging
        self._files = files
        self._now_ms = now_ms
        self._mapping = mapping
        self._left_out: set[tuple[int, str]] = set()
        self._unseen: dict[int, set[tuple[str, ...]]] = {}  # columns of a source that no row has had

    def read(self, sources: Sequence[Path | Database]) -> None:
        """Stages all sources; raises Stop if one of them is not there, changes, or goes away while it is read."""
        paths = [each for each in sources if isinstance(each, Path)]
        progress = Progress("reading", sum(_stat(path)[0] for path in paths))
        before = 0
        for path in paths:
            self._read_file(path, progress, before)
            before += _stat(path)[0]
        if paths:
            progress.end()
        for database in (each for each in sources if isinstance(each, Database)):
            self._read_database(database)
        self._staging.set("phase", "read")

    def _read_file(self, path: Path, progress: Progress, before: int) -> None:
        size, changed_ns = _stat(path)
        source = self._staging.source(str(path), size, changed_ns)
        if self._mapping is not None and not self._mapping.has(path.stem):
            self._leave_out_table(source["id"], path.stem)
            self._staging.run("UPDATE sources SET is_read = 1 WHERE id = ?", (source["id"],))
            return
        number, place, is_read = source["line"], source["offset"], source["is_read"]
        found = _some_rows(path, place, number, self._mapping is None)  # a CSV file is read from its head again
        is_from_head = number == 0 or path.suffix in (".csv", ".tsv")  # where each row has all columns
        while not is_read:
            with self._staging.transaction():
                count = 0
                for row in islice(found, ROWS_AT_ONCE):
                    self._stage(row, source["id"], path.stem)
                    number, place, count = row.number, row.end, count + 1
                    progress.at(before + place)
                is_read = count < ROWS_AT_ONCE
                if is_read and not number:
                    self._staging.report(source["id"], 0, [EMPTY])
                if is_read and is_from_head:
                    self._report_unseen(source["id"], path.stem)
                self._staging.run(
                    "UPDATE sources SET offset = ?, line = ?, is_read = ? WHERE id = ?",
                    (place, number, is_read, source["id"]),
                )
        if _stat(path) != (size, changed_ns):
            raise Stop(f"{path} changed while it was read, after line {number:,}. Run the command again.")

    def _read_database(self, database: Database) -> None:
        """Stages the tables of a database, as they are in one moment."""
        if self._mapping is None:
            raise Stop(f"{database.name} needs a mapping: name one with --from.")
        progress = Progress(f"reading {database.name}", 0)
        with database.opened() as opened:
            tables = opened.found()
            if not any(self._mapping.has(name) for name in tables):
                wanted, found = ", ".join(self._mapping.tables()), ", ".join(sorted(tables)[:MAX_NAMED]) or "none"
                raise Stop(f"{database.name} has no table of the mapping ({wanted}); its tables: {found}.")
            for name, table in tables.items():
                source = self._staging.source(database.place(name), 0, 0)["id"]
                if self._mapping.has(name):
                    self._read_table(opened, table, source, progress)
                else:
                    self._leave_out_table(source, name)
        progress.end()

    def _read_table(self, opened: Tables, table: Table, source: int, progress: Progress) -> None:
        assert self._mapping is not None
        sentence = "The mapping has no column {}: it is left out."
        self._leave_out(source, 0, self._mapping.left_out(table.name, table.columns), sentence)
        self._see(source, table.name, table.columns)
        self._report_unseen(source, table.name)
        used = self._mapping.used(table.name)
        columns = [name for name in table.columns if name in used] or table.columns[:1]
        found = opened.rows(table, columns)
        is_read = False
        while not is_read:
            with self._staging.transaction():
                count = 0
                for row in islice(found, ROWS_AT_ONCE):
                    self._stage(row, source, table.name)
                    if row.key:
                        self._staging.run("INSERT INTO row_keys VALUES (?, ?, ?)", (source, row.number, row.key))
                    count += 1
                is_read = count < ROWS_AT_ONCE
            progress.add(count)

    def _stage(self, row: Row, source: int, table: str) -> None:
        """Stages the records of one row, or keeps their faults."""
        try:
            if row.fault is not None:
                raise row.fault
            for value in self._records(row, source, table):
                record, found, faults = checked(value, self._now_ms)
                faults += self._missing_files(record, found)
                self._staging.report(source, row.number, faults)
                if not any(each.severity == "error" for each in faults):
                    self._staging.add(record, found, source, row.number)
        except Wrong as wrong:
            self._staging.report(source, row.number, [Fault(wrong.code, wrong.below, wrong.detail)])

    def _missing_files(self, record: str, found: Mapping[str, Any]) -> Iterator[Fault]:
        """Yields a warning for each file that will not come, as far as the folder of files shows."""
        named = [(f"/attachments/{place}", each) for place, each in enumerate(found.get("attachments", ()))]
        for pointer, about in [("", found)] if record == "attachment" else named:
            try:
                contents.check(self._files, about)
            except contents.Missing as missing:
                field = "path" if "path" in about else "url"
                yield Fault(f"file_{missing.code}", f"{pointer}/{field}", missing.detail, "warning")

    def _records(self, row: Row, source: int, table: str) -> Iterator[Any]:
        if self._mapping is None:
            yield row.value
            return
        values = rows.columns(row.value)
        self._see(source, table, values)
        left_out = self._mapping.left_out(table, values)
        self._leave_out(source, row.number, left_out, "The mapping has no column {}: it is left out.")
        yield from self._mapping.records(table, values)

    def _see(self, source: int, table: str, columns: Iterable[str]) -> None:
        """Notes which of the columns that the mapping needs a source has; a row of JSON may lack some."""
        assert self._mapping is not None
        unseen = self._unseen.get(source)
        if unseen is None:
            unseen = self._unseen[source] = self._mapping.required(table)
        if unseen:
            self._unseen[source] = {names for names in unseen if not {*names} & {*columns}}

    def _report_unseen(self, source: int, table: str) -> None:
        faults = [
            Fault(
                "no_column", f"/{names[0]}", f"The table {table} has no column {' or '.join(names)}: see the mapping."
            )
            for names in sorted(self._unseen.get(source, ()))
        ]
        self._staging.report(source, 0, faults)

    def _leave_out_table(self, source: int, table: str) -> None:
        if self._mapping is not None and not self._mapping.leaves_out(table):
            self._leave_out(source, 0, [table], "The mapping has no table {}: its rows are left out.")

    def _leave_out(self, source: int, line: int, names: Sequence[str], sentence: str) -> None:
        """Reports tables and columns that become nothing, each once for a file."""
        for name in map(shown, names):
            if (source, name) not in self._left_out and len(self._left_out) < MAX_LEFT_OUT:
                self._left_out.add((source, name))
                known = "SELECT 1 FROM problems WHERE source = ? AND code = 'left_out' AND pointer = ?"
                if not self._staging.one(known, (source, f"/{name}")):
                    fault = Fault("left_out", f"/{name}", sentence.format(name), "warning")
                    self._staging.report(source, line, [fault])


def _some_rows(path: Path, place: int, number: int, is_format: bool) -> Iterator[Row]:
    try:
        for row in rows.json_lines(path, place, number) if is_format else rows.rows(path, place, number):
            number = row.number
            yield row
    except OSError as error:
        raise Stop(f"{path} went away while it was read, after line {number:,}: {error.strerror}.") from error


def _stat(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError as error:
        raise Stop(f"{path} cannot be read: {error.strerror}.") from error
    return found.st_size, found.st_mtime_ns
