"""The store's files: occasional snapshots of everything, and logs of the writes since.

    snapshot-000003    everything, taken while log 3 was already being written
    log-000003         the writes since that snapshot was begun, in the order of their acknowledgement
    snapshot-000002, log-000002    the snapshot before, with its log: together as much as snapshot 3

A file is lines, each a checksum and a record of JSON. A record holds rows and messages as they are after a write, not
the request. So it may be played again, over a snapshot that has it already, and depends on no condition or clock.
Standard library only: the store's process writes these files, `python -m local recover` mends them.
"""

import json
import os
import re
import shutil
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Record = dict[str, Any]

FORMAT = 1
_NAME = re.compile(r"(snapshot|log)-(\d{6})")
_RECOVER = "`.venv/bin/python -m local recover`"


class Damaged(Exception):
    """A file is not as it was written; the message is one sentence for the user who started the stack."""

    def __init__(self, path: Path, reason: str, cure: str, good_bytes: int = 0, lost: int = 0) -> None:
        super().__init__(f"{path} is damaged ({reason}). Nothing has been changed. {cure}")
        self.path = path
        self.good_bytes = good_bytes  # bytes of a log before the damage
        self.lost = lost  # whole records after the damage


@dataclass
class Contents:
    """Everything that is stored, as JSON: the services' settings, the rows of tables, the messages of queues."""

    states: dict[str, Any] = field(default_factory=dict)  # by service
    items: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)  # by table's ARN, then by its two keys
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)  # by queue, then by id

    def apply(self, record: Record) -> None:
        self.states |= record.get("states", {})
        for table, hash_key, range_key, item in record.get("items", ()):
            rows = self.items.setdefault(table, {}).setdefault(hash_key, {})
            if item is None:
                rows.pop(range_key, None)
            else:
                rows[range_key] = item
        for table in record.get("dropped", ()):  # last, for a row may have expired just before
            self.items.pop(table, None)
        for queue, change in record.get("messages", {}).items():
            messages = self.messages.setdefault(queue, {})
            messages |= {message["id"]: message for message in change["put"]}
            for message_id in change["gone"]:
                messages.pop(message_id, None)


def encoded(record: Record, default: Callable[[Any], Any] | None = None) -> bytes:
    """Returns a record as a line."""
    payload = json.dumps(record, separators=(",", ":"), default=default).encode()
    return b"%08x %b\n" % (zlib.crc32(payload), payload)


def path_of(folder: Path, kind: str, generation: int) -> Path:
    return folder / f"{kind}-{generation:06d}"


def generations(folder: Path, kind: str) -> list[int]:
    """Returns the numbers of the files of a kind, in order."""
    names = [match for path in folder.iterdir() if (match := _NAME.fullmatch(path.name))] if folder.is_dir() else []
    return sorted(int(name[2]) for name in names if name[1] == kind)


def load(folder: Path) -> tuple[Contents, int]:
    """Returns everything, and the number of the log to continue; raises Damaged.

    The last log may end within a record, which was not acknowledged (or a power cut took its end). That end is cut off.
    """
    contents = Contents()
    base = max(generations(folder, "snapshot"), default=0)
    if base:
        for record in _snapshot(folder, base):
            contents.apply(record)
    logs = [number for number in generations(folder, "log") if number >= base]
    if logs != list(range(base, base + len(logs))) or (base and not logs):
        raise Damaged(path_of(folder, "log", base), "it or a later log is missing", "Put it back, or `make reset`.")
    for number in logs:
        for record in _log(path_of(folder, "log", number), is_last=number == logs[-1]):
            contents.apply(record)
    return contents, logs[-1] if logs else 0


def delete_old(folder: Path) -> None:
    """Deletes all but the newest snapshot, the one before it, and their logs."""
    kept = generations(folder, "snapshot")[-2:]
    before = kept[0] if len(kept) == 2 else 0
    for kind in ("snapshot", "log"):
        for number in generations(folder, kind):
            if number < before:
                path_of(folder, kind, number).unlink()


def _snapshot(folder: Path, generation: int) -> Iterator[Record]:
    path = path_of(folder, "snapshot", generation)
    older = _older(folder, generation)
    cure = "There is no older snapshot: `make reset` starts with an empty store."
    if older is not None:
        cure = f"{_RECOVER} sets it aside and takes the snapshot before it, with its log: nothing is lost."
    count, last = 0, {}
    for _, record in _lines(path):
        if record is None or (count == 0 and record.get("parley_store") != FORMAT):
            raise Damaged(path, f"line {count + 1}", cure)
        count, last = count + 1, record
        yield record
    if not count or last.get("end") != count - 1:
        raise Damaged(path, "its end is missing", cure)


def _log(path: Path, *, is_last: bool) -> Iterator[Record]:
    lines = _lines(path)
    count, good_bytes = 0, 0
    for end, record in lines:
        if record is None:
            lost = sum(later is not None for _, later in lines)
            if is_last and not lost:
                os.truncate(path, good_bytes)
                return
            cure = f"{_RECOVER} keeps a copy and goes on with the {count} writes before; {lost} after it are lost."
            raise Damaged(path, f"line {count + 1}", cure, good_bytes, lost)
        count, good_bytes = count + 1, end
        yield record


def _lines(path: Path) -> Iterator[tuple[int, Record | None]]:
    """Yields the end of each line, and its record: None if it is damaged."""
    end = 0
    with path.open("rb") as file:
        for line in file:
            end += len(line)
            yield end, _decoded(line)


def _decoded(line: bytes) -> Record | None:
    checksum, _, payload = line.partition(b" ")
    if not line.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(payload[:-1]):
        return None
    record: Record = json.loads(payload)
    return record


def _older(folder: Path, generation: int) -> int | None:
    """Returns the generation that restores everything without this snapshot; None if there is none."""
    before = max((number for number in generations(folder, "snapshot") if number < generation), default=0)
    logs = set(generations(folder, "log"))
    return before if logs >= set(range(before, generation + 1)) else None


def recover(folder: Path) -> list[str]:
    """Sets damaged files aside, so that the stack starts; returns a report. Raises Damaged if it cannot."""
    done: list[str] = []
    while True:
        try:
            load(folder)
        except Damaged as damage:
            done.append(_mend(folder, damage))
        else:
            return done


def _mend(folder: Path, damage: Damaged) -> str:
    path, aside = damage.path, damage.path.with_name(f"{damage.path.name}.damaged")
    kind, _, number = path.name.partition("-")
    if kind == "snapshot" and _older(folder, int(number)) is not None:
        path.rename(aside)
        return f"{path.name} is set aside as {aside.name}; the snapshot before it and its log have everything."
    if kind == "log" and path.exists():
        shutil.copy2(path, aside)
        os.truncate(path, damage.good_bytes)
        for later in (each for each in generations(folder, "log") if each > int(number)):
            other = path_of(folder, "log", later)
            other.rename(other.with_name(f"{other.name}.damaged"))
        return (
            f"{path.name} ends before the damage now; {damage.lost} writes after it are lost; {aside.name} is a copy."
        )
    raise damage


class Log:
    """The log that is being written."""

    def __init__(self, folder: Path, generation: int) -> None:
        path = path_of(folder, "log", generation)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.size = os.fstat(self._file).st_size
        self._synced = self.size
        if self.size:
            return
        try:
            self.append(encoded({"parley_store": FORMAT}))
            _sync_folder(folder)
        except OSError:
            os.close(self._file)
            path.unlink()
            raise

    def append(self, line: bytes) -> None:
        """Writes a line to the operating system, which keeps it if this process dies; OSError leaves no part of it."""
        written = 0
        try:
            while written < len(line):
                written += os.write(self._file, line[written:])
        except OSError:
            os.ftruncate(self._file, self.size)
            raise
        self.size += len(line)

    def sync(self) -> None:
        """Waits until the disk has everything."""
        size = self.size
        if size != self._synced:
            os.fsync(self._file)
            self._synced = size

    def close(self) -> None:
        os.fsync(self._file)
        os.close(self._file)


class SnapshotFile:
    """A snapshot that is being written; it counts only once it is whole."""

    def __init__(self, folder: Path, generation: int) -> None:
        self._folder = folder
        self._path = path_of(folder, "snapshot", generation)
        self._draft = self._path.with_suffix(".tmp")
        self._file = self._draft.open("wb")
        self._generation = generation
        self._count = 0
        self.size = 0
        self.add(encoded({"parley_store": FORMAT}))

    def add(self, line: bytes) -> None:
        self._file.write(line)
        self._count += 1
        self.size += len(line)

    def finish(self) -> None:
        """Puts it in its place, and deletes all but the generation before it."""
        self._file.write(encoded({"end": self._count}))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._draft.replace(self._path)
        _sync_folder(self._folder)
        delete_old(self._folder)

    def discard(self) -> None:
        self._file.close()
        self._draft.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
