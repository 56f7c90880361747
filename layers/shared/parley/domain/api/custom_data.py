"""The data that a product attaches to a message: `custom_type`, a name, and `metadata`, a JSON object.

Parley does not read them. A decoder keeps the last of two members with one name, so a body with `metadata` is parsed
once more here, with every member.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from parley.domain.api.fields import HugeNumber, is_unicode, whole_number

MAX_METADATA_BYTES = 4_096  # of compact JSON in UTF-8; a message with it and the longest text is under 50 KB
MAX_METADATA_DEPTH = 8  # objects and lists within each other, the whole object included
MAX_WHOLE_NUMBER = 2**53 - 1  # whole numbers that every client's doubles hold exactly
CUSTOM_TYPE_PATTERN = r"^[A-Za-z0-9._:-]{1,64}$(?!\n)"

# The place of a value, from the innermost name or index outwards.
Path = tuple[()] | tuple[str | int, "Path"]


class CustomData(Struct, frozen=True):
    """The data of a new conversation; `metadata` is compact JSON."""

    custom_type: str | None = None
    metadata: str | None = None


NO_CUSTOM_DATA = CustomData()


class InvalidPart(Struct, frozen=True):
    """One fault of metadata, at a place in it."""

    path: Path
    code: str
    limit: int | None = None


class Repeated(dict[str, Any]):
    """An object in which names occur more than once."""

    def __init__(self, pairs: Sequence[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.names = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]


def compact(metadata: Mapping[str, Any] | None) -> str | None:
    """Returns metadata as it is stored and measured: compact JSON, its members in the order in which they came."""
    return None if metadata is None else msgspec.json.encode(metadata).decode()


def from_compact(stored: str | None) -> dict[str, Any] | None:
    """Returns stored metadata as clients see it."""
    return None if stored is None else msgspec.json.decode(stored, type=dict[str, Any])


def metadata_in(raw: str | bytes) -> Any:
    """Returns the member `metadata` of a JSON object that a decoder has read, with a mark on repeated names."""
    text = raw if isinstance(raw, str) else raw.decode()
    return json.loads(text, object_pairs_hook=_object, parse_int=whole_number)["metadata"]


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else Repeated(pairs)


def invalid_parts(metadata: Mapping[str, Any]) -> Iterator[InvalidPart]:
    """Yields each fault of metadata; its length counts if nothing else is wrong."""
    is_whole = True
    for part in _in_value(metadata, (), 1):
        is_whole = False
        yield part
    if is_whole and len(msgspec.json.encode(metadata)) > MAX_METADATA_BYTES:
        yield InvalidPart((), "too_many_bytes", MAX_METADATA_BYTES)


def _in_value(value: Any, path: Path, depth: int) -> Iterator[InvalidPart]:
    match value:
        case dict() | list() if depth > MAX_METADATA_DEPTH:
            yield InvalidPart(path, "too_deep", MAX_METADATA_DEPTH)
        case dict():
            yield from _in_object(value, path, depth)
        case list():
            for index, inner in enumerate(value):
                yield from _in_value(inner, (index, path), depth + 1)
        case str() if not _is_text(value):
            yield InvalidPart(path, "bad_format")
        case int() | HugeNumber() if value > MAX_WHOLE_NUMBER:
            yield InvalidPart(path, "too_large", MAX_WHOLE_NUMBER)
        case int() | HugeNumber() if value < -MAX_WHOLE_NUMBER:
            yield InvalidPart(path, "too_small", -MAX_WHOLE_NUMBER)
        case float() if abs(value) == float("inf"):  # more than a double holds
            yield InvalidPart(path, "bad_format")


def _in_object(value: dict[str, Any], path: Path, depth: int) -> Iterator[InvalidPart]:
    if isinstance(value, Repeated):
        yield from (InvalidPart((name, path), "repeated") for name in value.names)
    for name, inner in value.items():
        if not _is_text(name):
            yield InvalidPart((name, path), "bad_format")
        yield from _in_value(inner, (name, path), depth + 1)


def _is_text(text: str) -> bool:
    """Says whether every store and client takes a text: some end it at NUL."""
    return "\0" not in text and is_unicode(text)
