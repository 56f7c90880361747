"""Request bodies and query strings: text in, a typed struct out, or a refusal that names every wrong field.

The good case is one call of msgspec. Only when that fails, `domain.faults` walks the struct's type beside what was sent
and collects all that is wrong, with codes of our own; no decision rests on the wording of msgspec's messages.

A text that must not be blank says so by its pattern, so that the JSON Schema made from the struct says it too:

    text: Annotated[str, msgspec.Meta(max_length=10_000, pattern=NOT_BLANK)]

Bound every integer with `ge` and `le`: JSON has no largest number. msgspec *searches* for a pattern, and Python's `$`
matches before a final newline too: end a pattern with `$(?!\\n)`. Where a key stands twice, the last one counts.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TypeVar

import msgspec
from msgspec import inspect

from parley.domain.errors import Field

# Unicode's White_Space and Default_Ignorable_Code_Point (PropList.txt, DerivedCoreProperties.txt of 16.0), the control
# characters, the annotation marks U+FFF9–FFFB and the Braille cell without dots, U+2800: nothing to see in any of them.
_UNSEEN = (
    (0x00, 0x20), (0x7F, 0xA0), (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x1680, 0x1680),
    (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2000, 0x200F), (0x2028, 0x202F), (0x205F, 0x206F), (0x2800, 0x2800),
    (0x3000, 0x3000), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB),
    (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip


def _in_pattern(code_point: int) -> str:
    # Python and ECMAScript agree on \uXXXX; past U+FFFF they write escapes differently, so there it is the character.
    return f"\\u{code_point:04x}" if code_point <= 0xFFFF else chr(code_point)


NOT_BLANK = "[^" + "".join(f"{_in_pattern(first)}-{_in_pattern(last)}" for first, last in _UNSEEN) + "]"

_seen = re.compile(NOT_BLANK)
_surrogate = re.compile("[\ud800-\udfff]")
_whole_number = re.compile(r"(-?(?:0|[1-9][0-9]*))(?:\.0+)?")

T = TypeVar("T", bound=msgspec.Struct)


class HugeNumber(float):
    """A whole number with more digits than any field takes; it keeps its sign."""


def is_blank(text: str) -> bool:
    """Says whether `text` shows nothing: it is empty, or white space, control and invisible format characters only."""
    return _seen.search(text) is None


def is_unicode(text: str) -> bool:
    """Says whether UTF-8 can write `text`; half a surrogate pair, which JSON's escapes let through, it cannot."""
    return _surrogate.search(text) is None


def in_unicode(text: str) -> str:
    """Returns `text` with U+FFFD for each half of a surrogate pair, so that an answer can quote it."""
    return _surrogate.sub("\ufffd", text)


def decode(raw: str | bytes, into: type[T], pointer: str = "") -> T:
    """Returns the JSON object `raw` as `into`; raises Malformed for what is no JSON, Invalid for wrong fields.

    A number without a fraction is an integer, however it is written (JSON Schema): 72.0 is 72.
    `pointer` is where `raw` stood in what the client sent: over WebSocket the body is under `/data`.
    """
    try:
        return msgspec.json.decode(raw, type=into)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        from parley.domain import faults  # only bad requests pay for it

        return faults.read(raw, into, pointer)


def decode_query(params: Mapping[str, str | Sequence[str]], into: type[T]) -> T:
    """Returns query parameters as `into`, numbers and booleans read by its fields' types; raises Invalid."""
    values, wrong = _read_query(params, into)
    try:
        decoded = msgspec.convert(values, type=into)
    except (msgspec.ValidationError, UnicodeError):  # half a surrogate pair where a number belongs
        from parley.domain import faults

        raise faults.of_query(values, into, wrong) from None
    if wrong:
        from parley.domain import faults

        raise faults.of_query(values, into, wrong)
    return decoded


def whole_number(digits: str) -> int | float:
    """Returns the number that `digits` write; a HugeNumber past 19 digits (Python refuses to read 4,300)."""
    return int(digits) if len(digits.lstrip("-")) <= 19 else HugeNumber(digits)


def number(text: str) -> int | float:
    """Returns the number that a JSON text with a point or an exponent writes; one without a fraction as an integer."""
    value = float(text)
    if abs(value) >= 2**63:
        return HugeNumber(value)
    return int(value) if value.is_integer() else value


@cache
def struct_type(into: type[msgspec.Struct]) -> inspect.StructType:
    """Returns msgspec's description of a struct."""
    described = inspect.type_info(into)
    if not isinstance(described, inspect.StructType):
        raise TypeError(f"{into!r} is not a struct")
    return described


def members(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    """Returns the members of a union, or the one kind, without their annotations."""
    if isinstance(kind, inspect.Metadata):
        return members(kind.type)
    if isinstance(kind, inspect.UnionType):
        return tuple(inner for member in kind.types for inner in members(member))
    return (kind,)


def _read_query(
    params: Mapping[str, str | Sequence[str]], into: type[msgspec.Struct]
) -> tuple[dict[str, object], list[Field]]:
    """Returns each parameter as its field's type asks, and those that no type could tell to be wrong."""
    kinds = {field.encode_name: members(field.type) for field in struct_type(into).fields}
    values: dict[str, object] = {}
    wrong: list[Field] = []
    for name, given in params.items():
        texts = [given] if isinstance(given, str) else list(given)
        lists = [kind for kind in kinds.get(name, ()) if isinstance(kind, inspect.CollectionType)]
        if lists:
            values[name] = [_read_parameter(text, members(lists[0].item_type)) for text in texts]
        else:
            values[name] = _read_parameter(texts[-1] if texts else "", kinds.get(name, ()))
            if len(texts) > 1 and name in kinds:
                wrong.append(Field(f"?{name}", "repeated"))
        if name in kinds and not all(is_unicode(text) for text in texts):
            wrong.append(Field(f"?{name}", "bad_format"))
    return values, wrong


def _read_parameter(text: str, kinds: Sequence[inspect.Type]) -> object:
    """Returns what `text` says for one of `kinds`, or else the text itself, which is then refused by its type."""
    for kind in kinds:
        if isinstance(kind, inspect.IntType) and (digits := _whole_number.fullmatch(text)):
            return whole_number(digits[1])
        if isinstance(kind, inspect.BoolType) and text in ("true", "false"):
            return text == "true"
    return text
