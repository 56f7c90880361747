"""The folder of a run: its id, its files and options in `run.json`, the staged records, and its report."""

import json
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from parley_host.moving.databases.source import is_address
from parley_host.moving.problems import Stop
from parley_host.moving.staging import Staging

if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


RUN = "run.json"
LOCK = "lock"
STAGED = "staged.db"
PROBLEMS = "problems.jsonl"
REPORT = "report.json"
IDS = "ids.jsonl"


@dataclass(frozen=True)
class Options:
    """The part of a command that decides what is imported; a run keeps it."""

    files: Sequence[str]
    read_until: str | None = None
    leave_out: bool = False
    mapping: str | None = None  # the name of a known system, or the path of a file
    mapping_sha256: str | None = None
    files_in: str | None = None  # the folder of the messages' files


@dataclass(frozen=True)
class Run:
    """A run: its id, which Parley stores with all that the run makes, and its folder."""

    id: str
    folder: Path
    options: Options

    def file(self, name: str) -> Path:
        """Returns the path of a file of the run."""
        return self.folder / name

    def staging(self) -> Staging:
        """Opens the staged records."""
        return Staging(self.file(STAGED))


def make(folder: Path) -> None:
    """Makes the folder of a run; raises Stop if it has something else."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / RUN).exists() and any(each.name != LOCK for each in folder.iterdir()):
        raise Stop(f"{folder} is neither empty nor the folder of a run.")


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keeps other commands from the folder meanwhile; raises Stop if one has it. A process that dies lets go of it."""
    with (folder / LOCK).open("ab") as file:
        try:
            _lock(file.fileno())
        except OSError as error:
            raise Stop(
                f"Another command works with {folder}. Wait for its end, or end it ({error.strerror})."
            ) from None
        yield


def begin(folder: Path, options: Options) -> Run:
    """Returns the run of a folder, a new one if the folder has none.

    Other or changed files and other options begin the run again as long as nothing of it is in Parley, else they raise
    Stop. A database does not say whether it has changed, so naming it begins again, too, and so does reading that was
    interrupted, whose moment is over. The folder knows the files: none need be named again.
    """
    make(folder)
    if not (folder / RUN).exists():
        return _write(Run("run-" + secrets.token_hex(12), folder, options))
    run = find(folder)
    wanted = options if options.files else run.options
    if (folder / STAGED).exists():
        staging = run.staging()
        is_other = not _same(run.options, wanted) or _has_changed(staging)
        phase = staging.get("phase")
        has_begun = phase in ("loading", "loaded")
        begins_again = not has_begun and (bool(options.files) or phase is None) and any(map(is_address, wanted.files))
        staging.close()
        if is_other and has_begun:
            raise Stop(
                f"The run of {folder} is in Parley already, with other files or options. Undo it with --undo before"
                " this folder takes corrected files, or choose a new folder for conversations that are not in Parley."
            )
        if is_other or begins_again:
            forget(run)
    return _write(Run(run.id, folder, wanted))


def _has_changed(staging: Staging) -> bool:
    """Says whether a file is not as it was when it was read; one that is away by now is as it was."""
    files = [(Path(row["path"]), row["size"], row["changed_ns"]) for row in staging.rows("SELECT * FROM sources")]
    now = [(path.stat(), size, changed_ns) for path, size, changed_ns in files if path.exists()]
    return any((found.st_size, found.st_mtime_ns) != (size, changed_ns) for found, size, changed_ns in now)


def find(folder: Path) -> Run:
    """Returns the run of a folder; raises Stop if it has none."""
    try:
        kept = json.loads((folder / RUN).read_text(encoding="utf-8"))
        return Run(kept["id"], folder, Options(**kept["options"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise Stop(f"{folder} is not the folder of a run.") from None


def forget(run: Run) -> None:
    """Deletes the staged records of a run. The report stays until there is a new one: the next reading may fail."""
    for name in (STAGED, f"{STAGED}-wal", f"{STAGED}-shm", IDS):
        run.file(name).unlink(missing_ok=True)


def _same(one: Options, other: Options) -> bool:
    return _plain(one) == _plain(other)


def _plain(options: Options) -> Mapping[str, Any]:
    return {**asdict(options), "files": [*options.files]}


def _write(run: Run) -> Run:
    kept = {"id": run.id, "options": _plain(run.options)}
    new = run.file(f"{RUN}.new")
    new.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    new.replace(run.file(RUN))
    return run
