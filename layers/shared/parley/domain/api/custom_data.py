"""The data that a product attaches to messages, conversations and people: `custom_type` and `metadata`, a JSON object.

Parley does not read them. One rule holds for every such object, and only its size differs. A decoder keeps the last of
two members with one name, so a body with `metadata` is parsed once more here, with every member.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import msgspec
from msgspec import Struct

from parley.domain.api.fields import HugeNumber, is_unicode, whole_number

MAX_METADATA_BYTES = 4_096  # of compact JSON in UTF-8; a message with it and the longest text is under 50 KB
MAX_REPORTED = 20  # faults of one object: an answer must fit into a frame
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
    return _parsed(raw)["metadata"]


def read_object(raw: bytes, max_bytes: int) -> tuple[str | None, list[InvalidPart]]:
    """Returns a JSON object that no decoder has read, as it is stored, and its faults; None for null."""
    try:
        value = _parsed(raw)
    except RecursionError:
        return None, [InvalidPart((), "too_deep", MAX_METADATA_DEPTH)]
    except ValueError:  # bytes that are not UTF-8
        return None, [InvalidPart((), "bad_format")]
    if value is None:
        return None, []
    if not isinstance(value, dict):
        return None, [InvalidPart((), "wrong_type")]
    wrong = list(islice(invalid_parts(value, max_bytes), MAX_REPORTED))
    return (None if wrong else compact(value)), wrong


def _parsed(raw: str | bytes) -> Any:
    text = raw if isinstance(raw, str) else raw.decode()
    return json.loads(text, object_pairs_hook=_object, parse_int=whole_number)


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else Repeated(pairs)


def invalid_parts(metadata: Mapping[str, Any], max_bytes: int = MAX_METADATA_BYTES) -> Iterator[InvalidPart]:
    """Yields each fault of metadata; its length counts if nothing else is wrong."""
    is_whole = True
    for part in _in_value(metadata, (), 1):
        is_whole = False
        yield part
    if is_whole and len(msgspec.json.encode(metadata)) > max_bytes:
        yield InvalidPart((), "too_many_bytes", max_bytes)


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
