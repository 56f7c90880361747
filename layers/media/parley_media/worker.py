"""The process that examines: `python -m parley_media.worker` forks itself for each file that it is told of (D-444).

It reads the folder of a job from standard input, a line each, and answers with the status and the peak of memory of
the process that did it. It has one thread and never reads a file itself, so each fork begins with the decoders
imported and nothing else. It ends with its input.
"""

import os
import resource
import signal
import sys
from pathlib import Path

from parley_media import jobs
from parley_media.examine import examine
from parley_media.results import Clean, Limits, Rejected


def main() -> None:
    for line in iter(sys.stdin.buffer.readline, b""):
        status, peak_kb = _done(Path(os.fsdecode(line.rstrip(b"\n"))))
        sys.stdout.write(f"{status} {peak_kb}\n")
        sys.stdout.flush()


def _done(folder: Path) -> tuple[int, int]:
    """Lets a child do the job; returns its wait status and its peak of memory in KB."""
    child = os.fork()
    if not child:
        _work(folder)
    _, status, used = os.wait4(child, 0)
    return status, used.ru_maxrss


def _work(folder: Path) -> None:
    """Does the job within the limits and ends the process; never returns."""
    try:
        _close_streams()
        job = jobs.read_job(folder)
        _limit(job.limits)
        jobs.write_result(folder, _examined(job))
        os._exit(0)
    finally:  # an error must not get into the loop of the parent
        os._exit(1)


def _close_streams() -> None:
    """Decoders write words of the file to standard error, and nothing but the parent may answer."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)


def _limit(limits: Limits) -> None:
    """Sets limits that hold inside C code too: the kernel refuses memory, and ends the process by a signal."""
    resource.setrlimit(resource.RLIMIT_DATA, (limits.max_memory_bytes, limits.max_memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.max_cpu_s, limits.max_cpu_s + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(limits.max_wall_s)


def _examined(job: jobs.Job) -> Clean | Rejected:
    try:
        return examine(job.body, name=job.name, declared=job.declared, allowed=job.allowed, limits=job.limits)
    except MemoryError:
        return Rejected(code="decompression_bomb", detail="MemoryError")


if __name__ == "__main__":
    main()
