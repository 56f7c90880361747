"""Reads a configuration file in TOML so that a mistake can be told with its line: `school.toml:12: …`."""

import re
from collections.abc import Iterator, Mapping, Sequence

_header = re.compile(r"""^\s*\[\s*(?P<path>[^\]]+?)\s*\]\s*(#.*)?$""")
_key = re.compile(r"""^\s*(?P<key>"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)\s*(=|\.)""")


_no_text = re.compile("[\ud800-\udfff]")  # as Python reads bytes that are no UTF-8 ("surrogateescape")


def read_tables(text: str, source: str, error_class: type[Exception]) -> tuple[Mapping[str, object], "Lines"]:
    """Returns the tables of a TOML text, and its lines; raises `error_class` with file and line if it is none."""
    import tomllib  # 4 ms that only the users of a configuration pay

    for number, line in enumerate(text.splitlines(), start=1):
        if _no_text.search(line):
            raise error_class(f"{source}:{number}: the file is not UTF-8")
    try:
        return tomllib.loads(text), Lines(text)
    except tomllib.TOMLDecodeError as error:
        raise error_class(f"{source}:{_line_of_syntax_error(error, text)}: {error}") from None


def _line_of_syntax_error(error: Exception, text: str) -> int:
    # Python 3.14 has `lineno`; before that, only the message gives it ("at line 3, column 5", "at end of document").
    found = re.search(r"at line (\d+)", str(error))
    return int(found[1]) if found else len(text.splitlines()) or 1


class Lines:
    """The lines of a configuration's text; TOML's reader does not give them."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self._paths = list(self._path_of_each_line())

    def _path_of_each_line(self) -> Iterator[tuple[str, ...]]:
        """Yields for each line its table and keys, `("class", "may_open", "teacher")`."""
        table: tuple[str, ...] = ()
        path = table
        for line in self._lines:
            header, key = _header.match(line), _key.match(line)
            if header:
                path = table = tuple(part.strip(" \t\"'") for part in header["path"].split("."))
            elif key:
                path = (*table, key["key"].strip("\"'"))
            yield path

    def find(self, *path: str, word: str | None = None) -> int:
        """Returns the line of the longest known part of `path`; of its lines the first that has the text `word`."""
        for length in range(len(path), 0, -1):
            numbers = [number for number, known in enumerate(self._paths, 1) if known[:length] == path[:length]]
            wanted = word if word is not None or length == len(path) else path[-1]
            with_word = [number for number in numbers if wanted is not None and self._has(number, wanted)]
            if numbers:
                return (with_word or numbers)[0]
        return 1

    def _has(self, number: int, word: str) -> bool:
        return re.search(rf"(?<![\w]){re.escape(word)}(?![\w])", self._lines[number - 1]) is not None


def meant(word: str, known: Sequence[str]) -> str:
    """Returns a question whether the nearest known word was meant, if a word is near."""
    import difflib

    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean `{near[0]}`?" if near else ""
