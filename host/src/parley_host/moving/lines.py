"""The lines of a file, one at a time, from any place in it: a file of any size takes the memory of its longest line."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MAX_LINE_BYTES = 1_048_576


@dataclass(frozen=True)
class Line:
    """One line; `text` is None for one that is too long or no UTF-8, and `fault` says which."""

    number: int
    end: int  # the place after it, in bytes
    text: str | None
    fault: str = ""
    is_whole: bool = True  # a line feed ends it


def lines(path: Path, offset: int = 0, number: int = 0) -> Iterator[Line]:
    """Yields the lines after `offset` bytes, which hold `number` lines; raises OSError if the file goes away."""
    with path.open("rb") as file:
        file.seek(offset)
        end = offset
        while raw := file.readline(MAX_LINE_BYTES + 1):
            number += 1
            is_too_long = len(raw) > MAX_LINE_BYTES
            end += len(raw)
            while is_too_long and not raw.endswith(b"\n") and (raw := file.readline(MAX_LINE_BYTES)):
                end += len(raw)
            if is_too_long:
                yield Line(number, end, None, "line_too_long")
            else:
                yield _decoded(raw, number, end)


def _decoded(raw: bytes, number: int, end: int) -> Line:
    is_whole = raw.endswith(b"\n")
    try:
        return Line(number, end, raw.decode("utf-8-sig" if number == 1 else "utf-8"), is_whole=is_whole)
    except UnicodeDecodeError:
        return Line(number, end, None, "not_utf8", is_whole)
