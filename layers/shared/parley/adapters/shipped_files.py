"""Configurations that the layer ships as TOML files, one folder for each kind."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
Load = Callable[[str, str], T]  # from a text and the name of its file

_NAME = re.compile(r"[a-z0-9_-]+")


def read_file(folder: Path, name: str, load: Load[T], no_such: Callable[[str], Exception]) -> T:
    """Returns what `<name>.toml` holds; raises what `no_such` makes of the names that there are, or `load`'s error."""
    path = folder / f"{name}.toml"
    if _NAME.fullmatch(name) is None or not path.is_file():
        raise no_such(", ".join(sorted(path.stem for path in folder.glob("*.toml"))))
    return load(_text(path), path.name)


def read_all(folder: Path, load: Load[T]) -> list[T]:
    """Returns what all files of a folder hold, by name; raises `load`'s error for the first mistake."""
    return [load(_text(path), path.name) for path in sorted(folder.glob("*.toml"))]


def _text(path: Path) -> str:
    """Returns a file's text; bytes that are no UTF-8 stay as surrogates, which the reader of the tables refuses."""
    return path.read_bytes().decode("utf-8-sig", errors="surrogateescape")
