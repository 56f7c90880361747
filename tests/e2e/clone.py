"""A copy of the repository in which `make run` runs, for the commands of the pages."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.stack import START_S, copy_repository, environment, free_port


def blocks(page: str) -> list[tuple[str, str]]:
    """Returns the language and the text of each block of code."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def fits(said: str, shown: str) -> bool:
    """Tells whether a line is as the page shows it: `…` is anything, and the width of white space does not count."""
    first, *others = " ".join(shown.split()).split("…")
    rest = " ".join(said.split())
    if not rest.startswith(first):
        return False
    rest = rest.removeprefix(first)
    for part in others[:-1]:
        if part not in rest:
            return False
        rest = rest[rest.index(part) + len(part) :]
    return rest.endswith(others[-1]) if others else rest == ""


def missing(said: str, shown: str) -> list[str]:
    """Returns the lines of the page that do not come in what was said, in the order of the page."""
    lines, absent = iter(said.splitlines()), []
    for line in shown.splitlines():
        if not any(fits(said_line, line) for said_line in lines):
            absent.append(line)
            lines = iter(said.splitlines())
    return absent


@dataclass(frozen=True)
class Clone:
    """A copy of the repository in which `make run` runs."""

    folder: Path
    environment: dict[str, str]
    terminal: Path  # what `make run` prints

    @property
    def ready(self) -> str:
        return next(line for line in self.lines() if line.startswith("parley is ready: "))

    def lines(self) -> list[str]:
        return self.terminal.read_text(encoding="utf-8").splitlines()


@contextmanager
def cloned(folder: Path) -> Iterator[Clone]:
    """Copies the repository into `folder` and runs `make run` there until the block ends."""
    copy_repository(folder)
    variables = environment(REST_PORT=str(free_port()), WS_PORT=str(free_port()))
    clone = Clone(folder, variables, folder / "terminal")
    with clone.terminal.open("w", encoding="utf-8") as terminal:
        # A terminal's Ctrl-C reaches everything that it started; so does a signal to the group.
        process = subprocess.Popen(
            ["make", "run"],
            cwd=folder,
            env=variables,
            stdout=terminal,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            deadline = time.monotonic() + START_S
            while not any(line.startswith("parley is ready: ") for line in clone.lines()):
                gone = process.poll() is not None or time.monotonic() > deadline
                assert not gone, f"make run did not start: {clone.lines()}"
                time.sleep(0.1)
            yield clone
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGINT)
            process.wait(30)
