"""The lines of `make run`: one for each request, after its answer."""

import contextlib
import json
import logging
import os
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TextIO

MAX_WAITING_LINES = 1000
MAX_NOTED_CODES = 1000
MAX_PATH_CHARACTERS = 80


@dataclass(frozen=True)
class Answered:
    """A request, handshake or frame with its answer. `route` is the template's, or the path that no route takes."""

    method: str
    route: str
    status: int
    ms: float
    user: str | None
    code: str | None
    request_id: str

    def line(self) -> str:
        what = f"{self.method:<7} {_printable(self.route):<44} {self.status} {self.ms:6.0f} ms  {self.user or '-':<12}"
        return f"{what}  {_printable(self.code or '')}".rstrip()


Observe = Callable[[Answered], None]


def nobody(_: Answered) -> None:
    """Shows nothing; the default of the gateways."""


def _printable(text: str) -> str:
    """Returns a client's text as a terminal can show it, cut off if it is long."""
    shown = "".join(character if character.isascii() and character.isprintable() else "?" for character in text)
    return shown if len(shown) <= MAX_PATH_CHARACTERS else shown[: MAX_PATH_CHARACTERS - 1] + "…"


def problem_of(body: str | bytes | None) -> tuple[int | None, str | None]:
    """Returns status and code of a problem document, or of the error frame that carries one."""
    try:
        value: Any = json.loads(body or "null")
    except ValueError:
        return None, None
    if isinstance(value, dict) and value.get("type") == "error":
        value = value.get("error")
    if not isinstance(value, dict) or not isinstance(value.get("code"), str):
        return None, None
    status = value.get("status")
    return status if isinstance(status, int) else None, value["code"]


class RefusalCodes(logging.Handler):
    """Remembers the code and the status that a function logged for a request.

    The gateway's own 401 does not say why. A quiet action answers with 200 and posts its error to the socket.
    """

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._codes: OrderedDict[str, tuple[str, int | None]] = OrderedDict()

    def emit(self, record: logging.LogRecord) -> None:
        request_id, code = getattr(record, "correlation_id", None), getattr(record, "code", None)
        if isinstance(request_id, str) and isinstance(code, str):
            self._codes[request_id] = code, getattr(record, "status", None)
            while len(self._codes) > MAX_NOTED_CODES:
                self._codes.popitem(last=False)

    def take(self, request_id: str) -> tuple[str | None, int | None]:
        """Returns the code and the status of a request and forgets them; None for what no function logged."""
        return self._codes.pop(request_id, (None, None))


class Terminal:
    """Writes lines in its own thread: a paused terminal, or a pipe without a reader, loses lines instead of blocking
    requests."""

    def __init__(self, terminal: TextIO, codes: RefusalCodes) -> None:
        self._file = terminal.fileno()
        self._codes = codes
        self._waiting: queue.Queue[str] = queue.Queue(MAX_WAITING_LINES)
        threading.Thread(target=self._write, name="terminal", daemon=True).start()

    def show(self, answered: Answered) -> None:
        code, status = self._codes.take(answered.request_id)
        shown = replace(answered, code=code or answered.code)
        if answered.status == 200 and status is not None:
            shown = replace(shown, status=status)
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(shown.line())

    def _write(self) -> None:
        with contextlib.suppress(OSError):  # the reader is gone
            while True:
                _write_all(self._file, f"{self._waiting.get()}\n".encode())


def _write_all(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]
