"""The files of messages: read from a folder or fetched, uploaded in the name of their senders, examined by Parley.

The staging file keeps the outcome of each, so a run that was killed uploads no file twice that the scanner has seen.
"""

import json
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import httpx

from parley_host.client import Parley
from parley_host.errors import Problem
from parley_host.ids import parley_id
from parley_host.moving import contents, fetching, media_types
from parley_host.moving.addresses import Refused
from parley_host.moving.asking import asked
from parley_host.moving.contents import Missing
from parley_host.moving.fetching import Described
from parley_host.moving.problems import Fault, RefusedRecord, Severity, Stop
from parley_host.moving.runs import Run
from parley_host.moving.staging import Staging

TRIES = 3
ATTEMPTS = 5  # attachments of one file, one after the other: each lives for a day
SCANNING_S = 900.0
OLDEST_S = 20 * 3600  # an attachment waits a day for its message
UPLOAD_S = 120.0
MAY_PASS = frozenset({"unreachable", "timed_out", "cut", "unresolvable"})
MISSING = "SELECT count(*) FROM files WHERE attachment_id IS NULL"

Outcomes = Mapping[int, str | None]  # the attachments' ids by the files' numbers; None for one that does not come


class Held(Exception):
    """Raised by a strict import for a message whose file does not come."""


@dataclass(frozen=True)
class Wanted:
    """A file of a message: `number` is its place among them, and `source`, `line`, `pointer` where it is named."""

    place: int  # of the message
    message_id: str
    sender_id: str
    is_voice: bool
    number: int
    source: int
    line: int
    pointer: str
    about: Mapping[str, Any]

    @property
    def old(self) -> str:
        """Returns the path or the URL that the old system knows it by."""
        return str(self.about.get("path") or self.about["url"])


@dataclass
class Brought:
    """A file on its way: what Parley was asked for and has answered, or why it does not come."""

    wanted: Wanted
    asked: Mapping[str, Any] = field(default_factory=dict)
    answer: Any = None
    missing: Missing | None = None


def wanted(staging: Staging, row: sqlite3.Row) -> list[Wanted]:
    """Returns the files of a message: its own, then those of records `attachment`. A deleted one has none."""
    body = json.loads(row["body"])
    if "deleted_at" in body:
        return []
    message = (row["place"], row["id"], row["sender_id"], body.get("kind") == "voice")
    found = [
        Wanted(*message, number, row["source"], row["line"], f"/attachments/{number}/{_kind(each)}", each)
        for number, each in enumerate(body.get("attachments", ()))
    ]
    query = "SELECT * FROM attachments WHERE message_id = ? ORDER BY number"
    for each in staging.rows(query, (row["id"],)):
        about = json.loads(each["body"])
        found.append(Wanted(*message, len(found), each["source"], each["line"], f"/{_kind(about)}", about))
    return found


def _kind(about: Mapping[str, Any]) -> str:
    return "path" if "path" in about else "url"


def outcomes(staging: Staging, place: int, since_ms: int = 0) -> dict[int, str | None]:
    """Returns the outcomes of the files of a message that are known."""
    query = "SELECT number, attachment_id FROM files WHERE place = ? AND (at_ms >= ? OR attachment_id IS NULL)"
    return {row["number"]: row["attachment_id"] for row in staging.rows(query, (place, since_ms))}


class Keeper(Protocol):
    """The memory of a loading, which a kill leaves as it is."""

    def is_stopped(self) -> bool:
        """Says whether the loading ends."""

    def is_uploaded(self, client_id: str) -> bool:
        """Says whether a file was uploaded whole."""

    def keep_upload(self, client_id: str) -> None:
        """Keeps that a file was uploaded whole."""

    def keep_file(self, wanted: Wanted, attachment_id: str | None, fault: Fault | None) -> None:
        """Keeps an outcome, with a fault of its line if there is one."""


class Files:
    """Brings the files of one run. A strict one asks again for a file that has not come."""

    def __init__(self, run: Run, parley: Parley, keeper: Keeper, undone: str, *, strict: bool = False) -> None:
        """Takes how often the run was undone: what it made before is no file of a message any more."""
        self._run = run
        self._folder = Path(run.options.files_in) if run.options.files_in else None
        self._parley = parley
        self._keeper = keeper
        self._undone = undone
        self._strict = strict

    def bring(self, conversation_id: str, some: Iterable[Wanted], known: Mapping[int, Outcomes]) -> dict[int, Outcomes]:
        """Uploads the files that have no known outcome, and waits for the scanner; returns all outcomes by message.

        Raises Stop if Parley does not answer, RefusedRecord if it refuses more than the file, Held if one does not
        come and the import is strict.
        """
        found = {
            place: {number: came for number, came in each.items() if came is not None or not self._strict}
            for place, each in known.items()
        }
        waiting = [Brought(each) for each in some if each.number not in found.get(each.place, {})]
        for each in waiting:
            self._check_stopped()
            try:
                self._begin(conversation_id, each)
            except Missing as missing:
                each.missing = missing
        for each in waiting:
            if each.missing is None:
                self._wait(conversation_id, each)
            found.setdefault(each.wanted.place, {})[each.wanted.number] = self._settled(each)
        if self._strict and any(each.missing for each in waiting):
            raise Held
        return {**found}

    def _check_stopped(self) -> None:
        if self._keeper.is_stopped():
            raise Stop("stopped, because another conversation failed.")

    def _begin(self, conversation_id: str, each: Brought) -> None:
        """Asks for the upload of a file, and uploads it unless it has arrived already."""
        with self._opened(each.wanted.about) as (file, said):
            size = os.fstat(file.fileno()).st_size
            contents.check_size(size)
            described = {**_described(file, each.wanted, said), "size": size}
            for attempt in range(ATTEMPTS):
                each.asked = self._request(each.wanted, described, attempt)
                each.answer = self._ask(conversation_id, each)
                if not _is_over(each.answer):
                    break
            is_waited_for = each.answer["attachment"]["state"] == "pending" and each.answer["upload"]
            if is_waited_for and not self._keeper.is_uploaded(each.asked["client_id"]):
                upload(each.answer["upload"], file, size, self._check_stopped)
                self._keeper.keep_upload(each.asked["client_id"])

    def _request(self, wanted: Wanted, described: Mapping[str, Any], attempt: int) -> Mapping[str, Any]:
        """Returns the request for a file, the same one after a kill: its `client_id` makes one attachment."""
        key = [self._run.id, self._undone, wanted.message_id, wanted.number, attempt, described]
        return {
            "run": self._run.id,
            "user_id": parley_id(wanted.sender_id),
            "client_id": sha256(json.dumps(key).encode()).hexdigest()[:32],
            **described,
        }

    def _ask(self, conversation_id: str, each: Brought) -> Any:
        try:
            return asked(lambda: self._parley.import_attachment(conversation_id, **each.asked))
        except Problem as problem:
            pointers = {field.pointer for field in problem.fields}
            if pointers and pointers <= {"/name", "/type", "/size", "/user_id"}:
                raise _refused(problem, each.asked) from None
            raise RefusedRecord(each.wanted.source, each.wanted.line, problem) from problem

    def _wait(self, conversation_id: str, each: Brought) -> None:
        end_s = time.monotonic() + SCANNING_S
        pause_s = 0.1
        while each.answer["attachment"]["state"] in ("pending", "scanning"):
            self._check_stopped()
            if time.monotonic() > end_s:
                raise Stop("The scanner of Parley has not examined a file in time. The same command continues.")
            time.sleep(pause_s)
            pause_s = min(pause_s * 1.5, 3.0)
            each.answer = self._ask(conversation_id, each)
        found = each.answer["attachment"]
        if found["state"] != "clean":
            code = "infected" if found["state"] == "infected" else "rejected"
            detail = f"The scanner of Parley says {found['state']}" + (
                f" ({found['code']})." if found.get("code") else "."
            )
            each.missing = Missing(code, detail)
        elif each.wanted.is_voice and not _is_recording(found):
            each.missing = Missing("refused", "A voice message needs a recording in WebM, Ogg, MP4, AAC, MP3 or WAV.")

    def _settled(self, each: Brought) -> str | None:
        """Keeps the outcome of a file, and returns the id of its attachment; None if it does not come."""
        if each.missing is None:
            attachment_id: str = each.answer["attachment"]["id"]
            self._keeper.keep_file(each.wanted, attachment_id, None)
            return attachment_id
        severity: Severity = "error" if self._strict else "warning"
        detail = f"{each.missing.detail} ({each.wanted.old})"
        self._keeper.keep_file(
            each.wanted, None, Fault(f"file:{each.missing.code}", each.wanted.pointer, detail, severity)
        )
        return None

    @contextmanager
    def _opened(self, about: Mapping[str, Any]) -> Iterator[tuple[BinaryIO, Described]]:
        """Yields a file that can be read, and what a server says about it."""
        if "path" in about:
            with _read(self._folder, about["path"]) as file:
                yield file, Described("", "")
            return
        with tempfile.TemporaryFile(dir=self._run.folder) as fetched:
            said = _fetched(about["url"], fetched, self._check_stopped)
            fetched.flush()
            fetched.seek(0)
            yield fetched, said


def _is_recording(attachment: Mapping[str, Any]) -> bool:
    return attachment["type"] in media_types.VOICE and attachment.get("duration_ms") is not None


def _read(folder: Path | None, path: str) -> BinaryIO:
    place = contents.located(folder, path)
    try:
        return place.open("rb")
    except OSError as error:
        raise Missing("missing", f"The file cannot be read: {error.strerror}.") from None


def _described(file: BinaryIO, wanted: Wanted, said: Described) -> dict[str, str]:
    about = wanted.about
    name = contents.file_name(about, said.name)
    head = file.read(contents.HEAD_BYTES)
    media_type = contents.type_of(head, about, name, said.media_type, is_voice=wanted.is_voice)
    file.seek(0)
    return {"name": name if "name" in about else contents.with_extension(name, media_type), "type": media_type}


def _refused(problem: Problem, asked: Mapping[str, Any]) -> Missing:
    code = problem.fields[0].code
    if code == "too_large":
        return Missing("too_large", problem.detail)
    if code == "type_not_allowed":
        return Missing("type", contents.SENTENCES["type"].format(asked["type"]))
    return Missing("refused", f"Parley does not take the file ({code}). {problem.detail}")


def _is_over(answer: Any) -> bool:
    """Says whether an attachment is of no use: sent, expired, about to be, or with a form that no file came through."""
    attachment = answer["attachment"]
    age_s = datetime.now(UTC).timestamp() - datetime.fromisoformat(attachment["created_at"]).timestamp()
    is_known = attachment["state"] in ("pending", "scanning", "clean", "rejected", "infected")
    has_no_file = attachment["state"] == "pending" and answer["upload"] is None
    return not is_known or has_no_file or age_s > OLDEST_S


def upload(form: Mapping[str, Any], file: BinaryIO, size: int, check: Callable[[], None]) -> None:
    """Posts the form; raises Missing for a file that is not as it was, Stop if the storage does not answer.

    `check` comes before each try, and may end it.
    """
    said = ""
    for attempt in range(TRIES):
        time.sleep(attempt)
        check()
        file.seek(0)
        try:
            answer = httpx.post(form["url"], data=form["fields"], files={"file": ("file", file)}, timeout=UPLOAD_S)
        except (httpx.TransportError, OSError) as error:
            said = str(error) or type(error).__name__
        else:
            if answer.is_success:
                return
            said = f"{answer.status_code}"
        if os.fstat(file.fileno()).st_size != size:
            raise Missing("changed")
    raise Stop(f"The storage of Parley does not take a file ({said}). The same command continues.")


def _fetched(url: str, file: BinaryIO, check: Callable[[], None]) -> Described:
    for attempt in range(TRIES):
        time.sleep(attempt)
        check()
        try:
            return fetching.fetch(url, file, contents.MAX_BYTES)
        except Refused as refused:
            last = refused.code
            if last not in MAY_PASS:
                break
    code = {"not_found": "missing"}.get(last, last)
    if code in contents.SENTENCES:
        raise Missing(code)
    raise Missing("unreachable", f"The URL cannot be fetched ({code}).")
