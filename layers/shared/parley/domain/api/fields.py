"""The values that fields of requests may hold, and how Parley reads their types."""

import re
from functools import cache

import msgspec
from msgspec import inspect

# Unicode's White_Space and Default_Ignorable_Code_Point (PropList.txt, DerivedCoreProperties.txt of 16.0), the control
# characters, the annotation marks U+FFF9–FFFB and the Braille cell without dots, U+2800: none of them is visible.
_UNSEEN = (
    (0x00, 0x20), (0x7F, 0xA0), (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x1680, 0x1680),
    (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2000, 0x200F), (0x2028, 0x202F), (0x205F, 0x206F), (0x2800, 0x2800),
    (0x3000, 0x3000), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB),
    (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip


def _in_pattern(code_point: int) -> str:
    # Python and ECMAScript agree on \uXXXX. They write escapes past U+FFFF differently, so those are the characters.
    return f"\\u{code_point:04x}" if code_point <= 0xFFFF else chr(code_point)


NOT_BLANK = "[^" + "".join(f"{_in_pattern(first)}-{_in_pattern(last)}" for first, last in _UNSEEN) + "]"
FILE_TYPE_PATTERN = r"^[a-zA-Z0-9!#$&^_.+-]+/[a-zA-Z0-9!#$&^_.+-]+(;.*)?$(?!\n)"  # RFC 6838 (section 4.2)
EMPTY_OR_NOT_BLANK = rf"{NOT_BLANK}|^$(?!\n)"

_seen = re.compile(NOT_BLANK)
_surrogate = re.compile("[\ud800-\udfff]")


class HugeNumber(float):
    """A whole number with more digits than any field takes; it keeps its sign."""


def is_blank(text: str) -> bool:
    """Says whether `text` is invisible: empty, or white space, control and invisible format characters only."""
    return _seen.search(text) is None


def is_unicode(text: str) -> bool:
    """Says whether UTF-8 can write `text`. It cannot write half a surrogate pair, which JSON's escapes let through."""
    return _surrogate.search(text) is None


def in_unicode(text: str) -> str:
    """Returns `text` with U+FFFD for each half of a surrogate pair, so that an answer can quote it."""
    return _surrogate.sub("\ufffd", text)


def whole_number(digits: str) -> int | float:
    """Returns `digits` as a number; a HugeNumber past 19 digits (Python refuses to read 4,300)."""
    return int(digits) if len(digits.lstrip("-")) <= 19 else HugeNumber(digits)


def number(text: str) -> int | float:
    """Returns a JSON number with a point or an exponent; an integer if it has no fraction."""
    value = float(text)
    if abs(value) >= 2**63:
        return HugeNumber(value)
    return int(value) if value.is_integer() else value


def form(pattern: str, words: str, max_length: int | None = None) -> msgspec.Meta:
    """Returns the annotation of a text of this pattern; `words` tell in the refusal of another text what is right."""
    return msgspec.Meta(pattern=pattern, max_length=max_length, extra={"words": words})


@cache
def struct_type(into: type[msgspec.Struct]) -> inspect.StructType:
    """Returns msgspec's description of a struct."""
    described = inspect.type_info(into)
    if not isinstance(described, inspect.StructType):
        raise TypeError(f"{into!r} is not a struct")
    return described


def members(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    """Returns the members of a union, or the single type, without their annotations."""
    if isinstance(kind, inspect.Metadata):
        return members(kind.type)
    if isinstance(kind, inspect.UnionType):
        return tuple(inner for member in kind.types for inner in members(member))
    return (kind,)
