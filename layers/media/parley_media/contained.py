"""Examinations in a process of their own: whatever a file does to a decoder, there is an answer in time (D-444)."""

import atexit
import os
import signal
import subprocess
import sys
from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from parley_media import jobs
from parley_media.results import Clean, Limits, Rejected

_MUCH_KB = 600 * 1024  # half of what a worker may have; the largest harmless file took less (D-320)
_OUT_OF_TIME = frozenset({signal.SIGALRM, signal.SIGXCPU})
# A worker knows no credentials. It needs the libraries of Lambda's Python, and the folder of temporary files.
_KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "TMPDIR", "LANG")

# Workers that wait for a job. Lambda needs one; the local stack scans several files at once, in threads.
_idle: list["subprocess.Popen[str]"] = []


def examine_contained(
    body: bytes, *, name: str, declared: str, allowed: Collection[str], limits: Limits
) -> Clean | Rejected:
    """Returns what `examine` returns, or the reason why the process that examined the file had to end.

    Raises OSError if there is no such process, as on a machine without memory for it.
    """
    with TemporaryDirectory(prefix="parley-scan-") as path:
        folder = Path(path)
        job = jobs.Job(body=body, name=name, declared=declared, allowed=tuple(allowed), limits=limits)
        jobs.write_job(folder, job)
        status, peak_kb = _done(path)
        return _ended(os.WTERMSIG(status), peak_kb) if os.WIFSIGNALED(status) else _answer(folder, status)


def _answer(folder: Path, status: int) -> Clean | Rejected:
    if status:
        raise ChildProcessError(f"an examination ended with {os.waitstatus_to_exitcode(status)}")
    return jobs.read_result(folder)


def _ended(by_signal: int, peak_kb: int) -> Rejected:
    """Returns why a file ended its process: PDFium aborts where Python would raise MemoryError."""
    detail = signal.Signals(by_signal).name
    if by_signal in _OUT_OF_TIME:
        return Rejected(code="too_complex", detail=detail)
    return Rejected(code="decompression_bomb" if peak_kb > _MUCH_KB else "damaged", detail=detail)


def _done(folder: str) -> tuple[int, int]:
    """Lets a worker do the job; returns the wait status and the peak of memory in KB."""
    worker = _idle.pop() if _idle else _started()
    with ExitStack() as if_it_fails:  # then the worker may still be busy, and answer in place of a later job
        if_it_fails.callback(_close, worker)
        if_it_fails.callback(worker.kill)
        answer = _asked(worker, folder)
        if_it_fails.pop_all()
    _idle.append(worker)
    return answer


def _asked(worker: "subprocess.Popen[str]", folder: str) -> tuple[int, int]:
    assert worker.stdin is not None and worker.stdout is not None
    worker.stdin.write(f"{folder}\n")
    worker.stdin.flush()
    answer = worker.stdout.readline().split()
    if not answer:
        raise ChildProcessError("the process of examinations has ended")
    return int(answer[0]), int(answer[1])


def _started() -> "subprocess.Popen[str]":
    """Starts a worker: a new process and no fork of this one, whose threads may hold locks."""
    variables = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    variables["PYTHONPATH"] = os.pathsep.join(each for each in sys.path if each)
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "parley_media.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=variables,
        start_new_session=True,  # Ctrl-C in a terminal is for the parent, which then ends its workers
    )


@atexit.register
def close() -> None:
    """Ends the workers that wait."""
    while _idle:
        _close(_idle.pop())


def _close(worker: "subprocess.Popen[str]") -> None:
    with worker:  # closes the pipes, and waits for its end
        pass
