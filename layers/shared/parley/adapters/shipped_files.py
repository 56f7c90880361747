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
    return load(path.read_text(encoding="utf-8"), path.name)


def read_all(folder: Path, load: Load[T]) -> list[T]:
    """Returns what all files of a folder hold, by name; raises `load`'s error for the first mistake."""
    return [load(path.read_text(encoding="utf-8"), path.name) for path in sorted(folder.glob("*.toml"))]
