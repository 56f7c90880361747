"""The progress of a command on stderr: one line that changes on a terminal, else a line every ten seconds."""

import sys
import time
from collections.abc import Callable
from typing import TextIO

WIDTH = 30
EVERY_S = 0.2
EVERY_S_IN_A_FILE = 10.0


class Progress:
    """The share of a whole that is done; the count alone if the whole is not known (0)."""

    def __init__(
        self, title: str, whole: int, *, out: TextIO | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._title = title
        self._whole = whole
        self._out = out or sys.stderr
        self._now = now
        self._begun_s = self._said_s = now()
        self._every_s = EVERY_S if self._out.isatty() else EVERY_S_IN_A_FILE
        self._first: int | None = None
        self._done = 0

    def add(self, count: int) -> None:
        """Counts more of it as done."""
        self._first = self._done if self._first is None else self._first
        self.at(self._done + count)

    def at(self, done: int) -> None:
        """Says how much is done now."""
        if self._first is None:
            self._first = done
        self._done = done
        if self._now() - self._said_s >= self._every_s:
            self._said_s = self._now()
            self._say("\r" if self._out.isatty() else "", "" if self._out.isatty() else "\n")

    def end(self) -> None:
        """Says the last of it."""
        self._say("\r" if self._out.isatty() else "", "\n")

    def _say(self, before: str, after: str) -> None:
        passed_s = self._now() - self._begun_s
        rate = (self._done - (self._first or 0)) / passed_s if passed_s > 0 else 0
        line = f"{self._title} {self._share()}{self._done:,}{f' of {self._whole:,}' if self._whole else ''}"
        self._out.write(f"{before}{line}, {rate:,.0f} a second{after}")
        self._out.flush()

    def _share(self) -> str:
        if not self._whole:
            return ""
        share = min(self._done / self._whole, 1)
        return f"[{'#' * int(share * WIDTH):<{WIDTH}}] {share:4.0%} "
