"""A JSON object that Parley keeps for others and never reads: bounded, and with one meaning in every language."""

import json
import math
from typing import Any

from parley.domain.api.errors import Invalid
from parley.domain.api.fields import is_unicode

MAX_DEPTH = 8  # objects and lists inside each other, the object itself included


class _Repeated(ValueError):
    """An object has two members of one name; readers would disagree on which counts."""


def read_object(raw: bytes, pointer: str, max_bytes: int) -> str | None:
    """Returns the compact text of a JSON object, None for null; raises Invalid, naming the field at `pointer`."""
    try:
        value = json.loads(raw, object_pairs_hook=_object)
    except _Repeated:
        raise Invalid.field(pointer, "repeated", "An object holds the same name twice.") from None
    except (ValueError, RecursionError):  # a number with thousands of digits, deep nesting
        raise Invalid.field(pointer, "bad_format", "This is not JSON that Parley can keep.") from None
    if value is None:
        return None
    if not isinstance(value, dict):
        raise Invalid.field(pointer, "wrong_type", "This must be a JSON object.")
    _check(value, pointer)
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if not is_unicode(text):
        raise Invalid.field(pointer, "bad_format", "This holds half a character, which UTF-8 cannot write.")
    if len(text.encode()) > max_bytes:
        detail = f"This has more than {max_bytes} bytes, written without spaces."
        raise Invalid.field(pointer, "too_many_bytes", detail, max_bytes)
    return text


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) < len(members):
        raise _Repeated
    return found


def _check(value: dict[str, Any], pointer: str) -> None:
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        if any(isinstance(inner, float) and not math.isfinite(inner) for inner in level):
            raise Invalid.field(pointer, "bad_format", "This holds a number that is too large.")
        level = [inner for outer in level for inner in _inside(outer)]
    if level:
        raise Invalid.field(pointer, "too_deep", f"This is nested deeper than {MAX_DEPTH} levels.", MAX_DEPTH)


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
