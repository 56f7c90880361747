"""The staged records of a run: a SQLite file in the run's folder, so that memory stays small and a run can resume."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from parley_host.moving.problems import Fault, shown
from parley_host.moving.values import is_blank

CACHE_KIB = 65_536  # of SQLite's pages: the bound of its memory
SCHEMA = """
CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sources (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, changed_ns INTEGER NOT NULL,
    offset INTEGER NOT NULL DEFAULT 0, line INTEGER NOT NULL DEFAULT 0, is_read INTEGER NOT NULL DEFAULT 0);
CREATE TABLE problems (
    number INTEGER PRIMARY KEY, source INTEGER NOT NULL, line INTEGER NOT NULL, severity TEXT NOT NULL,
    code TEXT NOT NULL, pointer TEXT NOT NULL, detail TEXT NOT NULL);
CREATE TABLE row_keys (source INTEGER, line INTEGER, key TEXT, PRIMARY KEY (source, line)) WITHOUT ROWID;
CREATE TABLE users (
    id TEXT PRIMARY KEY, source INTEGER, line INTEGER, body TEXT, is_put INTEGER DEFAULT 0) WITHOUT ROWID;
CREATE TABLE context_people (
    type TEXT, id TEXT, user_id TEXT, source INTEGER, line INTEGER, is_put INTEGER DEFAULT 0,
    PRIMARY KEY (type, id, user_id)) WITHOUT ROWID;
CREATE TABLE conversations (
    place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, source INTEGER, line INTEGER, type TEXT, pair TEXT,
    created_ms INTEGER, body TEXT, merged_into TEXT, last_seq INTEGER NOT NULL DEFAULT 0,
    parley_id TEXT, stored_seq INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'waiting',
    code TEXT, detail TEXT);
CREATE TABLE members (
    conversation_id TEXT, user_id TEXT, source INTEGER, line INTEGER, role TEXT, has_read_state INTEGER DEFAULT 0,
    read_seq INTEGER NOT NULL DEFAULT 0, delivered_seq INTEGER NOT NULL DEFAULT 0, joined_after TEXT,
    cleared_seq INTEGER NOT NULL DEFAULT 0, unread_from_seq INTEGER, history TEXT,
    PRIMARY KEY (conversation_id, user_id)) WITHOUT ROWID;
CREATE TABLE messages (
    place INTEGER PRIMARY KEY, id TEXT, conversation_id TEXT, sender_id TEXT, at_ms INTEGER, reply_to TEXT,
    source INTEGER, line INTEGER, body TEXT);
CREATE TABLE reactions (
    message_id TEXT, user_id TEXT, emoji TEXT, source INTEGER, line INTEGER,
    PRIMARY KEY (message_id, emoji, user_id)) WITHOUT ROWID;
CREATE TABLE attachments (
    number INTEGER PRIMARY KEY, message_id TEXT, source INTEGER, line INTEGER, body TEXT);
CREATE TABLE files (
    place INTEGER, number INTEGER, attachment_id TEXT, at_ms INTEGER, PRIMARY KEY (place, number)) WITHOUT ROWID;
CREATE TABLE uploads (client_id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE named (place INTEGER, user_id TEXT, field TEXT);
CREATE TABLE dropped (place INTEGER, user_id TEXT, PRIMARY KEY (place, user_id)) WITHOUT ROWID;
CREATE TABLE numbers (place INTEGER PRIMARY KEY, seq INTEGER);
CREATE TABLE reads (conversation_id TEXT, user_id TEXT, source INTEGER, line INTEGER, message_id TEXT, at_ms INTEGER,
    delivered_id TEXT);
CREATE TABLE history (
    place INTEGER PRIMARY KEY, conversation_id TEXT, user_id TEXT, at_ms INTEGER,
    source INTEGER, line INTEGER, body TEXT);
CREATE INDEX history_of ON history (conversation_id);
CREATE TABLE settings (
    conversation_id TEXT, user_id TEXT, source INTEGER, line INTEGER, body TEXT,
    PRIMARY KEY (conversation_id, user_id)) WITHOUT ROWID;
"""
# The unique ids of a table, and the columns by which two lines agree.
KEYS: Mapping[str, tuple[Sequence[str], str]] = {
    "users": (("id",), "body"),
    "conversations": (("id",), "body"),
    "members": (("conversation_id", "user_id"), "role"),
    "settings": (("conversation_id", "user_id"), "body"),
}


class Staging:
    """One open staging file. Only one thread may write; each other thread opens its own."""

    def __init__(self, path: Path, cache_kib: int = CACHE_KIB) -> None:
        is_new = not path.exists()
        self.path = path
        self.sql = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=60)
        self.sql.row_factory = sqlite3.Row
        self.sql.execute("PRAGMA journal_mode = WAL")
        self.sql.execute("PRAGMA synchronous = NORMAL")
        self.sql.execute(f"PRAGMA cache_size = -{cache_kib}")
        self.sql.execute("PRAGMA temp_store = FILE")
        if is_new or not self.one("SELECT count(*) FROM sqlite_master"):
            self.sql.executescript(f"BEGIN; {SCHEMA} COMMIT;")

    def close(self) -> None:
        """Closes the file."""
        self.sql.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Writes all that happens within, or nothing."""
        self.sql.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.sql.execute("ROLLBACK")
            raise
        self.sql.execute("COMMIT")

    def one(self, query: str, values: Sequence[Any] = ()) -> Any:
        """Returns the first column of the first row; None without a row."""
        row = self.sql.execute(query, values).fetchone()
        return None if row is None else row[0]

    def rows(self, query: str, values: Sequence[Any] = ()) -> Iterator[sqlite3.Row]:
        """Yields rows as SQLite finds them."""
        yield from self.sql.execute(query, values)

    def run(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Runs a statement; returns how many rows it changed."""
        return self.sql.execute(statement, values).rowcount

    def get(self, name: str) -> str | None:
        """Returns a part of the run's state."""
        found: str | None = self.one("SELECT value FROM state WHERE name = ?", (name,))
        return found

    def set(self, name: str, value: str) -> None:
        """Keeps a part of the run's state."""
        self.run("INSERT OR REPLACE INTO state VALUES (?, ?)", (name, value))

    def source(self, path: str, size: int, changed_ns: int) -> sqlite3.Row:
        """Returns the row of a file, with the place up to which it is staged."""
        self.run("INSERT OR IGNORE INTO sources (path, size, changed_ns) VALUES (?, ?, ?)", (path, size, changed_ns))
        found: sqlite3.Row = self.sql.execute("SELECT * FROM sources WHERE path = ?", (path,)).fetchone()
        return found

    def report(self, source: int, line: int, faults: Iterable[Fault]) -> None:
        """Keeps the faults of a line."""
        rows = [(source, line, each.severity, each.code, shown(each.pointer), shown(each.detail)) for each in faults]
        self.sql.executemany(
            "INSERT INTO problems (source, line, severity, code, pointer, detail) VALUES (?, ?, ?, ?, ?, ?)", rows
        )

    def has_problem(self, source: int, line: int, pointer: str) -> bool:
        """Says whether a problem names a place of a line already."""
        query = "SELECT 1 FROM problems WHERE source = ? AND line = ? AND pointer = ?"
        return self.one(query, (source, line, pointer)) is not None

    def add(self, record: str, found: Mapping[str, Any], source: int, line: int) -> None:
        """Stages a record without faults; a second one with the same id is a fault itself."""
        getattr(self, f"_add_{record}")(found, source, line)

    def _add_user(self, found: Mapping[str, Any], source: int, line: int) -> None:
        self._insert("users", {"id": found["id"], "body": compact(found)}, source, line)

    def _add_context(self, found: Mapping[str, Any], source: int, line: int) -> None:
        self.sql.executemany(
            "INSERT OR IGNORE INTO context_people (type, id, user_id, source, line) VALUES (?, ?, ?, ?, ?)",
            [(found["type"], found["id"], user_id, source, line) for user_id in found["user_ids"]],
        )

    def _add_conversation(self, found: Mapping[str, Any], source: int, line: int) -> None:
        row = {"id": found["id"], "type": found["type"], "created_ms": found.get("created_at")}
        if self._insert("conversations", {**row, "body": compact(found)}, source, line):
            for user_id in found.get("user_ids", ()):
                role = "owner" if found["type"] == "group" and user_id == found.get("created_by") else "member"
                self._add_member({"conversation_id": found["id"], "user_id": user_id, "role": role}, source, line)

    def _add_member(self, found: Mapping[str, Any], source: int, line: int) -> None:
        row = {"conversation_id": found["conversation_id"], "user_id": found["user_id"]}
        more = {"role": found.get("role", "member"), "joined_after": found.get("joined_after")}
        self._insert("members", {**row, **more, "history": found.get("history")}, source, line)

    def _add_message(self, found: Mapping[str, Any], source: int, line: int) -> None:
        names = ("id", "conversation_id", "sender_id", "created_at", "reply_to")
        place = self.sql.execute(
            "INSERT INTO messages (id, conversation_id, sender_id, at_ms, reply_to, source, line, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*(found.get(name) for name in names), source, line, compact(found, without=names)),
        ).lastrowid
        if "reactions" in found or "mentions" in found:
            people = [(place, user_id, "mentions") for user_id in found.get("mentions", ())]
            for each in found.get("reactions", ()):
                people += [(place, user_id, "reactions") for user_id in each["user_ids"]]
            self.sql.executemany("INSERT INTO named VALUES (?, ?, ?)", people)

    def _add_ticket(self, found: Mapping[str, Any], source: int, line: int) -> None:
        """Stages a ticket, whose description is its first message; its requester and its agents come in later."""
        about = {name: item for name, item in found.items() if name not in ("subject", "description")}
        self._add_conversation({**about, "type": "ticket", "title": found["subject"]}, source, line)
        if not is_blank(found.get("description", "")):
            said = {"id": f"{found['id']}~description", "conversation_id": found["id"], "text": found["description"]}
            whose = {"sender_id": found["requester_id"], "created_at": found["created_at"]}
            self._add_message({**said, **whose}, source, line)

    def _add_history(self, found: Mapping[str, Any], source: int, line: int) -> None:
        names = ("conversation_id", "user_id", "at")
        values = (*(found.get(name) for name in names), source, line, compact(found, without=names))
        columns = "conversation_id, user_id, at_ms, source, line, body"
        self.run(f"INSERT INTO history ({columns}) VALUES (?, ?, ?, ?, ?, ?)", values)

    _add_rating = _add_history

    def _add_note(self, found: Mapping[str, Any], source: int, line: int) -> None:
        made = "INSERT OR IGNORE INTO conversations (id, type, source, line, body) VALUES (?, 'notes', ?, ?, '{}')"
        self.run(made, (found["conversation_id"], source, line))
        self._add_message(found, source, line)

    def _add_reaction(self, found: Mapping[str, Any], source: int, line: int) -> None:
        values = (found["message_id"], found["user_id"], found["emoji"], source, line)
        self.run("INSERT OR IGNORE INTO reactions VALUES (?, ?, ?, ?, ?)", values)

    def _add_attachment(self, found: Mapping[str, Any], source: int, line: int) -> None:
        values = (found["message_id"], source, line, compact(found, without=("message_id",)))
        self.run("INSERT INTO attachments (message_id, source, line, body) VALUES (?, ?, ?, ?)", values)

    def _add_read(self, found: Mapping[str, Any], source: int, line: int) -> None:
        until = (found.get(name) for name in ("message_id", "at", "delivered_id"))
        values = (found["conversation_id"], found["user_id"], source, line, *until)
        self.run("INSERT INTO reads VALUES (?, ?, ?, ?, ?, ?, ?)", values)

    def _add_setting(self, found: Mapping[str, Any], source: int, line: int) -> None:
        row = {"conversation_id": found["conversation_id"], "user_id": found["user_id"]}
        self._insert("settings", {**row, "body": compact(found, without=tuple(row))}, source, line)

    def _insert(self, table: str, row: Mapping[str, Any], source: int, line: int) -> bool:
        """Inserts a row; reports a second one with the same key, which may say the same or something else."""
        names = [*row, "source", "line"]
        statement = f"INSERT OR IGNORE INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        if self.run(statement, (*row.values(), source, line)):
            return True
        keys, content = KEYS[table]
        first = self.sql.execute(
            f"SELECT t.{content} IS ? AS is_same, s.path, t.line FROM {table} t JOIN sources s ON s.id = t.source"
            f" WHERE {' AND '.join(f't.{key} = ?' for key in keys)}",
            (row[content], *(row[key] for key in keys)),
        ).fetchone()
        self.report(source, line, [repeated(first["path"], first["line"], bool(first["is_same"]))])
        return False


def repeated(path: str, line: int, is_same: bool) -> Fault:
    """Returns the fault of a record whose id an earlier line has."""
    if is_same:
        return Fault("repeated", "", f"{path}:{line} says the same.", "warning")
    return Fault("contradiction", "", f"{path}:{line} says something else of the same id.")


def compact(value: Any, without: Sequence[str] = ()) -> str:
    """Returns compact JSON, of an object without some members."""
    kept = {name: item for name, item in value.items() if name not in without} if without else value
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
