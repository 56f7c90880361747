"""Brings the staged records into Parley: people, contexts, then conversations, some side by side.

Each request may be repeated, and the staging file knows what is done: a run that was killed continues where it was.
"""

import json
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from parley_host.bulk import PART, problem_of_item
from parley_host.client import Parley
from parley_host.errors import Problem
from parley_host.ids import parley_id
from parley_host.moving import files, requests, tickets
from parley_host.moving.asking import asked
from parley_host.moving.contents import file_name
from parley_host.moving.files import Files, Held, Wanted
from parley_host.moving.problems import Fault, RefusedRecord, Stop
from parley_host.moving.progress import Progress
from parley_host.moving.runs import Run
from parley_host.moving.staging import Staging, compact

WORKERS = 8
NOTES_OF = "SELECT * FROM conversations WHERE id = ? AND type = 'notes' AND state != ?"
CACHE_OF_A_WORKER_KIB = 8_192
# Problems that a loading finds, and finds again if it is tried again: what Parley refuses, and files that a strict one
# waits for.
PASSING = "code LIKE 'parley:%' OR code LIKE 'file:%' AND severity = 'error'"


class Loader:
    """One loading of a run. Several threads ask Parley; each has its own connection to the staging file."""

    def __init__(
        self, run: Run, staging: Staging, parley: Parley, workers: int = WORKERS, *, strict: bool = False
    ) -> None:
        """Takes the run; a strict one stores no conversation before all of its files have come."""
        self._run = run
        self._staging = staging
        self._parley = parley
        self._workers = workers
        self._progress = Progress("storing", int(staging.one("SELECT count(*) FROM messages")))
        self._lock = threading.RLock()  # of the items, of the progress, and of the one connection that writes
        self._stopped = threading.Event()
        self._files = Files(run, parley, self, staging.get("undone") or "0", strict=strict)

    def load(self, *, puts_users: bool = True) -> int:
        """Brings all that is not there yet; returns how many records were refused or held, which the problems name.

        Raises Stop if Parley does not answer.
        """
        self._staging.set("phase", "loading")
        self._staging.run(f"DELETE FROM problems WHERE {PASSING}")
        self._staging.run("CREATE INDEX IF NOT EXISTS problems_by_line ON problems (source, line)")
        if puts_users:
            self._put_users()
        self._put_contexts()
        done = int(self._staging.one("SELECT coalesce(sum(stored_seq), 0) FROM conversations"))
        self._progress.at(done)
        # The notes of a ticket are brought before the ticket ends, and by themselves if they were refused then.
        waiting = (
            "SELECT * FROM conversations t WHERE state != 'done' AND merged_into IS NULL AND (type != 'notes'"
            " OR (SELECT state FROM conversations c WHERE c.id = 'ticket:' || substr(t.id, 7)) = 'done') ORDER BY place"
        )
        self._side_by_side(self._bring, self._staging_rows(waiting))
        self._progress.end()
        refused = int(self._staging.one(f"SELECT count(*) FROM problems WHERE {PASSING}"))
        if not refused:
            self._staging.set("phase", "loaded")
        return refused

    def _staging_rows(self, query: str) -> Iterator[sqlite3.Row]:
        own = Staging(self._staging.path, CACHE_OF_A_WORKER_KIB)
        try:
            yield from own.rows(query)
        finally:
            own.close()

    def _side_by_side(self, act: Callable[[Staging, Any], None], items: Iterator[Any]) -> None:
        """Calls `act` for all items, up to eight at once; the first error ends all of them and is raised."""

        def work() -> None:
            own = Staging(self._staging.path, CACHE_OF_A_WORKER_KIB)
            try:
                while not self._stopped.is_set():
                    with self._lock:
                        item = next(items, None)
                    if item is None:
                        return
                    act(own, item)
            except BaseException:
                self._stopped.set()
                raise
            finally:
                own.close()

        with ThreadPoolExecutor(self._workers) as pool:
            working = [pool.submit(work) for _ in range(self._workers)]
            try:
                for each in working:
                    each.result()
            except BaseException:
                self._stopped.set()
                raise

    def _put_users(self) -> None:
        query = "SELECT * FROM users WHERE NOT is_put ORDER BY id"
        self._side_by_side(self._put_some_users, parts(self._staging_rows(query)))

    def _put_some_users(self, staging: Staging, rows: Sequence[sqlite3.Row]) -> None:
        results = asked(lambda: self._parley.put_users([json.loads(row["body"]) for row in rows]))
        for row, result in zip(rows, results, strict=True):
            problem = problem_of_item(result)
            if problem is None:
                self._write("UPDATE users SET is_put = 1 WHERE id = ?", row["id"])
            else:
                self._refuse(row["source"], row["line"], problem)

    def _put_contexts(self) -> None:
        query = "SELECT * FROM context_people WHERE NOT is_put ORDER BY type, id"
        self._side_by_side(self._put_some_people, parts_of_contexts(self._staging_rows(query)))

    def _put_some_people(self, staging: Staging, rows: Sequence[sqlite3.Row]) -> None:
        kind, context_id = rows[0]["type"], rows[0]["id"]
        people = [row["user_id"] for row in rows]
        results = asked(lambda: self._parley.put_context_people(kind, context_id, add=people))
        for row, result in zip(rows, results, strict=True):
            problem = problem_of_item(result)
            if problem is None:
                put = "UPDATE context_people SET is_put = 1 WHERE type = ? AND id = ? AND user_id = ?"
                self._write(put, kind, context_id, row["user_id"])
            else:
                self._refuse(row["source"], row["line"], problem)

    def _bring(self, staging: Staging, row: sqlite3.Row) -> None:
        """Brings one conversation with all its messages; a refusal is kept with the line that it is about.

        A conversation of which a part is refused is taken back: its people could not open it meanwhile.
        """
        try:
            if row["state"] == "leaving":  # a kill came between
                self._remove(row, row["parley_id"])
            self._bring_whole(staging, row)
            self._keep(row["id"], state="done")
        except RefusedRecord as refused:
            self._refuse(refused.source, refused.line, refused.problem)
        except Held:
            self._keep(row["id"], state="refused")
        except Problem as problem:
            self._refuse(row["source"], row["line"], problem)

    def _bring_whole(self, staging: Staging, row: sqlite3.Row) -> None:
        self._keep(row["id"], state="begun")  # an undoing asks again for those that a kill has left so
        try:
            begun = self._begin(staging, row)
        except Problem:
            self._keep(row["id"], state="refused")
            raise
        conversation_id, stored = begun["conversation_id"], begun["last_seq"]
        self._keep(row["id"], parley_id=conversation_id, stored_seq=stored)
        if begun["state"] == "done":
            return
        try:
            self._bring_content(staging, row, conversation_id, stored)
        except (Problem, RefusedRecord):
            self._keep(row["id"], state="leaving")
            self._count_undoing()
            if row["type"] == "ticket":
                self._undo_notes(staging, row)
            self._remove(row, conversation_id)
            raise

    def _bring_content(self, staging: Staging, row: sqlite3.Row, conversation_id: str, stored: int) -> None:
        for part in requests.messages(staging, row["id"], stored):
            self._bring_part(staging, row["id"], conversation_id, part)
        wanted: dict[str, Any] = {"last_seq": row["last_seq"], "members": requests.sides(staging, row)}
        if row["type"] == "ticket":
            for notes in [*staging.rows(NOTES_OF, (tickets.notes_of(row), "done"))]:
                self._bring(staging, notes)
            wanted["ticket"] = tickets.state(staging, row)
        asked(lambda: self._parley.finish_import(conversation_id, run=self._run.id, **wanted))

    def _begin(self, staging: Staging, row: sqlite3.Row) -> Any:
        body = requests.conversation(staging, row, self._run.id)
        return asked(lambda: self._parley.import_conversation(**body))

    def _bring_part(self, staging: Staging, old_id: str, conversation_id: str, part: requests.Part) -> None:
        if self._stopped.is_set():
            raise Stop("stopped, because another conversation failed.")
        messages: list[Any] = self._with_files(staging, conversation_id, part)
        try:
            answer = asked(lambda: self._parley.import_messages(conversation_id, run=self._run.id, messages=messages))
        except Problem as problem:
            if (place := place_of(staging, problem, part.places)) is None:
                raise
            raise RefusedRecord(*place, problem) from problem
        self._keep(old_id, stored_seq=answer["last_seq"])
        with self._lock:
            self._progress.add(len(messages))

    def _with_files(self, staging: Staging, conversation_id: str, part: requests.Part) -> list[requests.Body]:
        if not part.files:
            return requests.with_files(part, {})
        since_ms = time.time_ns() // 1_000_000 - files.OLDEST_S * 1_000
        known = {place: files.outcomes(staging, place, since_ms) for place in {each.place for each in part.files}}
        return requests.with_files(part, self._files.bring(conversation_id, part.files, known))

    def is_stopped(self) -> bool:
        """Says whether another conversation has failed."""
        return self._stopped.is_set()

    def is_uploaded(self, client_id: str) -> bool:
        """Says whether a file was uploaded whole, by this process or one that was killed."""
        with self._lock:
            return self._staging.one("SELECT 1 FROM uploads WHERE client_id = ?", (client_id,)) is not None

    def keep_upload(self, client_id: str) -> None:
        """Keeps that a file was uploaded whole."""
        self._write("INSERT OR IGNORE INTO uploads VALUES (?)", client_id)

    def keep_file(self, wanted: Wanted, attachment_id: str | None, fault: Fault | None) -> None:
        """Keeps the outcome of a file, and names one that does not come unless the dry run has named it.

        A strict import keeps no such outcome, so its next try asks for the file again.
        """
        is_held = fault is not None and fault.severity == "error"
        with self._lock:
            at = (wanted.source, wanted.line)
            if fault is not None and (is_held or not self._staging.has_problem(*at, fault.pointer)):
                self._staging.report(*at, [fault])
            if not is_held:
                values = (wanted.place, wanted.number, attachment_id, time.time_ns() // 1_000_000)
                self._staging.run("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", values)

    def undo(self) -> int:
        """Removes the conversations of the run that nobody has used since; returns how many stay.

        Problems name those. A conversation that is removed can be imported again. People and contexts stay.
        """
        self._staging.run(f"DELETE FROM problems WHERE {PASSING}")
        self._count_undoing()
        made = (
            "SELECT * FROM conversations WHERE state != 'waiting' AND merged_into IS NULL AND type != 'notes'"
            " ORDER BY place DESC"
        )
        self._progress = Progress("undoing", int(self._staging.one(f"SELECT count(*) FROM ({made})")))
        self._side_by_side(self._undo, self._staging_rows(made))
        self._progress.end()
        stay = int(self._staging.one("SELECT count(*) FROM problems WHERE code LIKE 'parley:%'"))
        if not stay:
            self._staging.run("DELETE FROM problems WHERE code LIKE 'file:%'")
            self._staging.set("phase", "checked")
        return stay

    def _undo(self, staging: Staging, row: sqlite3.Row) -> None:
        if row["type"] == "ticket":
            self._undo_notes(staging, row)
        try:
            self._remove(row, row["parley_id"] or self._begin(staging, row)["conversation_id"])
        except Problem as problem:
            if row["state"] != "refused":  # what Parley refused, the run has not made
                self._refuse(row["source"], row["line"], problem)
            return
        if row["type"] != "notes":  # they go with their ticket
            with self._lock:
                self._progress.add(1)

    def _undo_notes(self, staging: Staging, row: sqlite3.Row) -> None:
        """Removes the notes of a ticket, which Parley keeps as long as it has some."""
        for notes in [*staging.rows(NOTES_OF, (tickets.notes_of(row), "waiting"))]:
            self._undo(staging, notes)

    def _remove(self, row: sqlite3.Row, conversation_id: str) -> None:
        """Removes a conversation from Parley, which waits for a new import after that; raises Problem."""
        while not asked(lambda: self._parley.undo_import(conversation_id, run=self._run.id))["done"]:
            pass
        of_it = "SELECT place FROM messages WHERE conversation_id = ?"
        self._write(f"DELETE FROM files WHERE place IN ({of_it})", row["id"])
        self._keep(row["id"], state="waiting", parley_id=None, stored_seq=0)

    def _count_undoing(self) -> None:
        """Keeps that something is undone: a new import of it uploads its files again."""
        with self._lock:
            self._staging.set("undone", str(int(self._staging.get("undone") or "0") + 1))

    def _keep(self, conversation_id: str, **columns: Any) -> None:
        """Keeps how far a conversation is."""
        names = ", ".join(f"{name} = ?" for name in columns)
        self._write(f"UPDATE conversations SET {names} WHERE id = ?", *columns.values(), conversation_id)

    def _refuse(self, source: int, line: int, problem: Problem) -> None:
        """Keeps a refusal of Parley's as a problem of the line."""
        pointer = problem.fields[0].pointer if problem.fields else ""
        code = problem.fields[0].code if problem.fields else problem.code
        with self._lock:
            self._staging.report(source, line, [Fault(f"parley:{code}", pointer, problem.detail)])

    def _write(self, statement: str, *values: Any) -> None:
        # SQLite refuses to write on a connection that is in the middle of reading if another one has written since.
        with self._lock:
            self._staging.run(statement, values)


def parts(rows: Iterator[sqlite3.Row]) -> Iterator[list[sqlite3.Row]]:
    """Yields rows in parts of up to 100."""
    part: list[sqlite3.Row] = []
    for row in rows:
        part.append(row)
        if len(part) == PART:
            yield part
            part = []
    if part:
        yield part


def parts_of_contexts(rows: Iterator[sqlite3.Row]) -> Iterator[list[sqlite3.Row]]:
    """Yields rows of one context each, in parts of up to 100."""
    part: list[sqlite3.Row] = []
    for row in rows:
        if part and (len(part) == PART or (row["type"], row["id"]) != (part[0]["type"], part[0]["id"])):
            yield part
            part = []
        part.append(row)
    if part:
        yield part


def place_of(staging: Staging, problem: Problem, places: Sequence[int]) -> tuple[int, int] | None:
    """Returns source and line of the message that a refusal names; None if it names none."""
    found = re.match(r"/messages/([0-9]+)", problem.fields[0].pointer if problem.fields else "")
    if found is None or int(found[1]) >= len(places):
        return None
    query = "SELECT source, line FROM messages WHERE place = ?"
    row = next(staging.rows(query, (places[int(found[1])],)))
    return row["source"], row["line"]


def new_ids(staging: Staging) -> Iterator[str]:
    """Yields the lines of `ids.jsonl`: each old id of what is in Parley, and the new one."""
    for row in staging.rows("SELECT id FROM users WHERE is_put ORDER BY id"):
        yield compact({"record": "user", "old": row["id"], "new": parley_id(row["id"])})
    conversations = (
        "SELECT c.id, coalesce(m.parley_id, c.parley_id) AS parley_id FROM conversations c"
        " LEFT JOIN conversations m ON m.id = c.merged_into WHERE coalesce(m.state, c.state) = 'done' ORDER BY c.place"
    )
    for row in staging.rows(conversations):
        name, old = tickets.named(row["id"], "conversation")
        yield compact({"record": name, "old": old, "new": row["parley_id"]})
    messages = (
        "SELECT m.id, c.parley_id, n.seq FROM messages m JOIN numbers n ON n.place = m.place"
        " JOIN conversations c ON c.id = m.conversation_id WHERE c.state = 'done' ORDER BY m.place"
    )
    for row in staging.rows(messages):
        name, old = tickets.named(row["id"], "message")
        yield compact({"record": name, "old": old, "new": f"{row['parley_id']}.{row['seq']}"})
    with_files = (
        "SELECT m.* FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE c.state = 'done'"
        " AND EXISTS (SELECT 1 FROM files f WHERE f.place = m.place AND f.attachment_id IS NOT NULL) ORDER BY m.place"
    )
    for row in staging.rows(with_files):
        ids = files.outcomes(staging, row["place"])
        for each in files.wanted(staging, row):
            if ids.get(each.number) is not None:
                named = {"old": each.old, "name": file_name(each.about), "new": ids[each.number]}
                yield compact({"record": "attachment", **named})
