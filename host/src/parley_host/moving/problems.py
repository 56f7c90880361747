"""The faults of a line: a code to switch on, the place, and a sentence."""

from dataclasses import dataclass
from typing import Literal

from parley_host.errors import Problem

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Fault:
    """One fault of a record. An error keeps the record out of Parley, a warning does not."""

    code: str
    pointer: str
    detail: str
    severity: Severity = "error"


def shown(text: str) -> str:
    """Returns a text that any file can hold: half a surrogate pair becomes its escape."""
    return text.encode(errors="backslashreplace").decode()


class Wrong(Exception):
    """Raised by the check of one value; `below` is the place within the value, as a JSON pointer."""

    def __init__(self, code: str, detail: str, below: str = "") -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.below = below


class RefusedRecord(Exception):
    """Parley's refusal of one record: its place in the source, and the problem."""

    def __init__(self, source: int, line: int, problem: Problem) -> None:
        super().__init__(str(problem))
        self.source = source
        self.line = line
        self.problem = problem


class Stop(Exception):
    """Ends a command; the message is a sentence for the person who started it."""
