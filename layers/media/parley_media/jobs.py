"""The job and the result of an examination in a process of its own: files of a folder (D-444)."""

from pathlib import Path

from msgspec import Struct, msgpack

from parley_media.results import Clean, Limits, Rejected

_JOB, _RESULT = "job", "result"


class Job(Struct, frozen=True, kw_only=True):
    """The arguments of `examine`."""

    body: bytes
    name: str
    declared: str
    allowed: tuple[str, ...]
    limits: Limits


class Result(Struct, frozen=True, kw_only=True):
    """The answer of `examine`: one of the two."""

    clean: Clean | None = None
    rejected: Rejected | None = None


def write_job(folder: Path, job: Job) -> None:
    (folder / _JOB).write_bytes(msgpack.encode(job))


def read_job(folder: Path) -> Job:
    return msgpack.decode((folder / _JOB).read_bytes(), type=Job)


def write_result(folder: Path, found: Clean | Rejected) -> None:
    result = Result(clean=found) if isinstance(found, Clean) else Result(rejected=found)
    (folder / _RESULT).write_bytes(msgpack.encode(result))


def read_result(folder: Path) -> Clean | Rejected:
    result = msgpack.decode((folder / _RESULT).read_bytes(), type=Result)
    found = result.clean or result.rejected
    assert found is not None
    return found
