"""Names each wrong field of a request by a walk along a struct's type. Only bad requests import it.

Field codes, which never change their meaning:
    required · unknown_field · repeated · wrong_type · blank · bad_format · not_allowed
    too_long · too_short (characters) · too_large · too_small (numbers) · too_many_items · too_few_items
    too_deep · too_many_bytes (metadata)
"""

import datetime
import decimal
import json
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NoReturn, TypeVar

import msgspec
from msgspec import inspect
from msgspec.structs import replace

from parley.domain.api import custom_data, time_zones
from parley.domain.api.custom_data import MAX_METADATA_BYTES, InvalidPart, Path
from parley.domain.api.errors import Field, Invalid, Malformed
from parley.domain.api.fields import (
    EMPTY_OR_NOT_BLANK,
    FILE_TYPE_PATTERN,
    NOT_BLANK,
    HugeNumber,
    in_unicode,
    is_unicode,
    members,
    number,
    struct_type,
    whole_number,
)
from parley.domain.api.identity import TIME_ZONE_PATTERN

T = TypeVar("T", bound=msgspec.Struct)

MAX_DEPTH = 64  # no request of Parley's is deeper than five levels
MAX_REPORTED = 20  # a reply must fit into a WebSocket frame, whatever the request was
MAX_KEY_CHARACTERS = 100  # the same, for the names of unknown fields
MAX_POINTER_CHARACTERS = 400  # the same, for deep values; a pointer to a known field has at most 240

_HALF = "; half of a surrogate pair is no character"
_WITH_WORDS = ("bad_format", "not_allowed")  # whose sentences end with what would be right

_SENTENCES = {
    "required": "{name} is missing.",
    "unknown_field": "{name} is not a field of this request.",
    "repeated": "{name} may be given once only.",
    "wrong_type": "{name} has the wrong type.",
    "blank": "{name} must not be blank.",
    "bad_format": "{name} has the wrong format.",
    "not_allowed": "{name} is not one of the values allowed.",
    "too_long": "{name} is longer than {limit} characters.",
    "too_short": "{name} is shorter than {limit} characters.",
    "too_large": "{name} is larger than {limit}.",
    "too_small": "{name} is smaller than {limit}.",
    "too_many_items": "{name} has more than {limit} entries.",
    "too_few_items": "{name} has fewer than {limit} entries.",
    "too_deep": "{name} is nested deeper than {limit} levels.",
    "too_many_bytes": "{name} has more than {limit} bytes.",
}


def read_body(raw: str | bytes, into: type[T], pointer: str = "") -> T:
    """Returns the body that msgspec did not decode into `into`, if only the notation of a number was wrong.

    msgspec does not take 72.0 as an integer. Raises Malformed or Invalid for all other faults.
    """
    sent = _read(raw)
    found = list(islice(_in_value(sent, struct_type(into), pointer), MAX_REPORTED))
    if isinstance(sent, dict) and _takes_metadata(sent, into):
        sent["metadata"] = custom_data.metadata_in(raw)
        parts = custom_data.invalid_parts(sent["metadata"], getattr(into, "max_metadata_bytes", MAX_METADATA_BYTES))
        found += islice(_at(f"{pointer}/metadata", parts), MAX_REPORTED)
    known = {field.pointer for field in found}
    apart = _lists_of_raw(sent, into) if is_unicode(_text(raw)) else []
    rest = {name: sent[name] for name in sent if name not in apart} if isinstance(sent, dict) else sent
    broken = islice((_pointer(pointer, path) for path in _broken_texts(rest, ())), MAX_REPORTED)
    found += [_Hinted(pointer, "bad_format", hint=_HALF) for pointer in broken if pointer not in known]
    if found:
        raise _refusal(found[:MAX_REPORTED])
    if isinstance(sent, dict):
        sent |= {name: [msgspec.Raw(item.encode()) for item in _raw_items(_text(raw), name)] for name in apart}
    try:
        return msgspec.convert(sent, type=into)
    except msgspec.ValidationError:
        raise _refusal([Field(pointer, "not_allowed")]) from None


def _lists_of_raw(sent: object, into: type[msgspec.Struct]) -> list[str]:
    """Returns the fields of a body that hold lists whose items are decoded one by one: each is refused alone."""
    fields = struct_type(into).fields if isinstance(sent, dict) else ()
    return [field.encode_name for field in fields if _is_list_of_raw(field.type) and field.encode_name in sent]  # type: ignore[operator]


def _is_list_of_raw(kind: inspect.Type) -> bool:
    [outer] = members(kind)[:1]
    return isinstance(outer, inspect.ListType) and isinstance(members(outer.item_type)[0], inspect.RawType)


def _raw_items(text: str, name: str) -> list[str]:
    """Returns the texts of the items in the list under `name` of a JSON object that `_read` takes.

    If the name occurs twice, the last one counts.
    """
    found: list[str] = []
    at = _after_space(text, text.index("{") + 1)
    while text[at] != "}":
        key, at = _decoder.raw_decode(text, at)
        start = _after_space(text, _after_space(text, at) + 1)  # after the colon
        found = _items(text, start) if key == name else found
        _, at = _decoder.raw_decode(text, start)
        at = _next(text, at)
    return found


def _items(text: str, start: int) -> list[str]:
    """Returns the texts of the items of the list that begins at `start`."""
    found: list[str] = []
    at = _after_space(text, start + 1)
    while text[at] != "]":
        _, end = _decoder.raw_decode(text, at)
        found.append(text[at:end])
        at = _next(text, end)
    return found


def _next(text: str, end: int) -> int:
    """Returns the place of the next value, or of the bracket that closes the list or object."""
    at = _after_space(text, end)
    return _after_space(text, at + 1) if text[at] == "," else at


def _after_space(text: str, at: int) -> int:
    found = _white_space.match(text, at)
    return at if found is None else found.end()


def _takes_metadata(sent: Mapping[str, object], into: type[msgspec.Struct]) -> bool:
    """Says whether a body has metadata that its class takes."""
    names = {field.encode_name for field in struct_type(into).fields}
    return "metadata" in names and isinstance(sent.get("metadata"), dict)


def _at(pointer: str, parts: Iterable[InvalidPart]) -> Iterator[Field]:
    return (Field(_pointer(pointer, part.path), part.code, part.limit) for part in parts)


def wrong_metadata(parts: Iterable[InvalidPart], pointer: str) -> Invalid:
    """Returns the refusal of metadata that no decoder has read."""
    return _refusal(list(_at(pointer, parts)))


def wrong_query(values: Mapping[str, object], into: type[msgspec.Struct], wrong: Sequence[Field]) -> Invalid:
    """Returns the refusal of a query string: the fields known to be wrong and the faults of its values."""
    known = {field.pointer for field in wrong}
    found = (replace(field, pointer="?" + field.pointer[1:]) for field in _in_struct(values, struct_type(into)))
    fields = [*wrong, *(field for field in islice(found, MAX_REPORTED) if field.pointer not in known)]
    return _refusal(fields or [Field("?", "not_allowed")])


class _Hinted(Field, frozen=True):
    """A wrong field with what would be right, for the sentence."""

    hint: str = ""


def _refusal(found: Sequence[Field]) -> Invalid:
    """Returns the refusal whose sentence is about the first of the fields."""
    fields = tuple(Field(_cut(field.pointer), field.code, field.limit) for field in found)
    first, hint = fields[0], found[0].hint if isinstance(found[0], _Hinted) else ""
    name = f"`{first.pointer}`" if first.pointer else "The body"
    detail = _SENTENCES[first.code].format(name=name, limit=first.limit)
    return Invalid("invalid_request", detail.removesuffix(".") + f"{hint}.", fields=fields)


def _read(raw: str | bytes) -> object:
    """Returns any JSON; raises Malformed.

    Unlike msgspec it keeps numbers that no type holds and half surrogate pairs; the walks report them.
    """
    try:
        text = _text(raw)
        if not text:
            raise _no_body()
        sent: object = _decoder.decode(text)
    except RecursionError:
        raise _too_deep() from None
    except ValueError:  # both JSONDecodeError and UnicodeDecodeError are ValueErrors
        raise _no_json() from None
    _check_depth(sent)
    return sent


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _text(raw: str | bytes) -> str:
    return raw if isinstance(raw, str) else raw.decode()


_decoder = json.JSONDecoder(parse_int=whole_number, parse_float=number, parse_constant=_refuse_constant)
_white_space = re.compile(r"[ \t\n\r]*")


def _no_json() -> Malformed:
    return Malformed("malformed_json", "The body is not JSON in UTF-8.")


def _no_body() -> Malformed:
    return Malformed("missing_body", "The request has no body; it needs a JSON object.")


def _too_deep() -> Malformed:
    return Malformed("too_deep", f"The body is nested deeper than {MAX_DEPTH} levels.")


def _check_depth(sent: object) -> None:
    level: list[object] = [sent]
    for _ in range(MAX_DEPTH + 1):
        level = [inner for value in level for inner in _inside(value)]
    if level:
        raise _too_deep()


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


# Only a reported value gets its pointer written.
def _broken_texts(value: object, path: Path) -> Iterator[Path]:
    """Yields the place of each half of a surrogate pair, which `json` lets through and UTF-8 cannot write."""
    if isinstance(value, str):
        if not is_unicode(value):
            yield path
    elif isinstance(value, dict):
        for name, inner in value.items():
            if not is_unicode(name):
                yield name, path
            yield from _broken_texts(inner, (name, path))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            if isinstance(inner, str | dict | list):
                yield from _broken_texts(inner, (index, path))


def _pointer(start: str, path: Path) -> str:
    return _below(_pointer(start, path[1]), str(path[0])) if path else start


def _in_value(value: object, kind: inspect.Type, pointer: str) -> Iterator[Field]:
    """Yields each fault of `value`, at `pointer`, against `kind`; nothing if it fits."""
    if isinstance(kind, inspect.Metadata):
        is_object = isinstance(kind.type, inspect.RawType) and (kind.extra_json_schema or {}).get("type") == "object"
        if is_object and value is not None and not isinstance(value, dict):
            yield Field(pointer, "wrong_type")
        words = (kind.extra or {}).get("words")  # of a text with a pattern (`fields.form`)
        for field in _in_value(value, kind.type, pointer):
            yield _Hinted(pointer, field.code, hint=f"; {words}") if words and field.code in _WITH_WORDS else field
    elif isinstance(kind, inspect.UnionType):
        yield from _in_union(value, kind, pointer)
    elif isinstance(kind, inspect.AnyType | inspect.RawType):
        return
    elif not _has_json_type(value, kind):
        yield Field(pointer, "wrong_type")
    elif isinstance(kind, inspect.StructType):
        yield from _in_struct(_object(value), kind, pointer)
    elif isinstance(kind, inspect.DictType):
        yield from _in_dict(_object(value), kind, pointer)
    elif isinstance(value, list):
        yield from _in_list(value, kind, pointer)
    elif isinstance(kind, inspect.StrType) and isinstance(value, str):
        yield from _in_text(value, kind, pointer)
    elif isinstance(kind, inspect.IntType | inspect.FloatType) and isinstance(value, int | float):
        yield from _in_number(value, kind, pointer)
    elif isinstance(kind, inspect.LiteralType | inspect.EnumType):
        if value not in (allowed := _allowed(kind)):
            yield _Hinted(pointer, "not_allowed", hint=": " + ", ".join(map(str, allowed)))
    elif not _converts(value, kind):
        yield Field(pointer, "bad_format")


def _in_struct(sent: Mapping[str, object], kind: inspect.StructType, pointer: str = "") -> Iterator[Field]:
    fields = {field.encode_name: field for field in kind.fields}
    for name, field in fields.items():
        if name in sent:
            yield from _in_value(sent[name], field.type, _below(pointer, name))
        elif field.required:
            yield Field(_below(pointer, name), "required")
    if kind.tag_field is not None and kind.tag_field in sent and sent[kind.tag_field] != kind.tag:
        yield Field(_below(pointer, kind.tag_field), "not_allowed")
    if kind.forbid_unknown_fields:
        for name in sent:
            if name not in fields and name != kind.tag_field:
                yield Field(_below(pointer, name), "unknown_field")


def _in_dict(sent: Mapping[str, object], kind: inspect.DictType, pointer: str) -> Iterator[Field]:
    yield from _in_count(len(sent), kind, pointer)
    for name, value in sent.items():
        keyed = list(_in_value(name, kind.key_type, _below(pointer, name)))
        yield from keyed or _in_value(value, kind.value_type, _below(pointer, name))


def _in_list(sent: list[object], kind: inspect.Type, pointer: str) -> Iterator[Field]:
    if isinstance(kind, inspect.TupleType):
        if len(sent) != len(kind.item_types):
            code = "too_many_items" if len(sent) > len(kind.item_types) else "too_few_items"
            yield Field(pointer, code, len(kind.item_types))
        for index, (value, item_type) in enumerate(zip(sent, kind.item_types, strict=False)):
            yield from _in_value(value, item_type, _below(pointer, str(index)))
    elif isinstance(kind, inspect.CollectionType):
        yield from _in_count(len(sent), kind, pointer)
        for index, value in enumerate(sent):
            yield from _in_value(value, kind.item_type, _below(pointer, str(index)))


def _in_count(count: int, kind: inspect.CollectionType | inspect.DictType, pointer: str) -> Iterator[Field]:
    if kind.max_length is not None and count > kind.max_length:
        yield Field(pointer, "too_many_items", kind.max_length)
    if kind.min_length is not None and count < kind.min_length:
        yield Field(pointer, "too_few_items", kind.min_length)


def _in_union(value: object, kind: inspect.UnionType, pointer: str) -> Iterator[Field]:
    """Yields nothing if a member takes the value.

    Otherwise yields the faults against the member of its JSON type, or tag.
    """
    fitting = [member for member in kind.types if _has_json_type(value, member)]
    tagged = [member for member in fitting if isinstance(member, inspect.StructType) and member.tag_field]
    if len(tagged) > 1:
        yield from _in_tagged(_object(value), tagged, pointer)
    elif not fitting:
        yield Field(pointer, "wrong_type")
    else:
        faults = [list(_in_value(value, member, pointer)) for member in fitting]
        yield from faults[0] if all(faults) else ()


def _in_tagged(sent: Mapping[str, object], members: list[inspect.StructType], pointer: str) -> Iterator[Field]:
    tag_field = members[0].tag_field or "type"
    meant = [member for member in members if tag_field in sent and member.tag == sent[tag_field]]
    if meant:
        yield from _in_struct(sent, meant[0], pointer)
    else:
        yield Field(_below(pointer, tag_field), "not_allowed" if tag_field in sent else "required")


def _in_text(text: str, kind: inspect.StrType, pointer: str) -> Iterator[Field]:
    if kind.max_length is not None and len(text) > kind.max_length:
        yield Field(pointer, "too_long", kind.max_length)
    elif kind.min_length is not None and len(text) < kind.min_length:
        yield Field(pointer, "too_short", kind.min_length)
    elif kind.pattern is not None and re.search(kind.pattern, text) is None:
        # Browsers say nothing of a file that they do not know, which is no error of form.
        is_blank = kind.pattern in (NOT_BLANK, EMPTY_OR_NOT_BLANK) or kind.pattern == FILE_TYPE_PATTERN and not text
        yield Field(pointer, "blank" if is_blank else "bad_format")
    elif kind.pattern == TIME_ZONE_PATTERN and not time_zones.is_time_zone(text):
        yield Field(pointer, "not_allowed")


def _in_number(number: int | float, kind: inspect.IntType | inspect.FloatType, pointer: str) -> Iterator[Field]:
    endless = isinstance(number, HugeNumber) if isinstance(kind, inspect.IntType) else abs(number) == float("inf")
    if (endless and number > 0) or _is_above(number, kind):
        yield Field(pointer, "too_large", _last(kind.le, kind.lt, -1, otherwise=2**63 - 1))
    elif endless or _is_below(number, kind):
        yield Field(pointer, "too_small", _last(kind.ge, kind.gt, 1, otherwise=-(2**63)))
    elif kind.multiple_of is not None and number % kind.multiple_of:
        yield Field(pointer, "not_allowed")


def _is_above(number: float, kind: inspect.IntType | inspect.FloatType) -> bool:
    return (kind.le is not None and number > kind.le) or (kind.lt is not None and number >= kind.lt)


def _is_below(number: float, kind: inspect.IntType | inspect.FloatType) -> bool:
    return (kind.ge is not None and number < kind.ge) or (kind.gt is not None and number <= kind.gt)


def _last(inclusive: float | None, exclusive: float | None, step: int, *, otherwise: int) -> int:
    """Returns the last whole number that is allowed; a client sees it as `limit`."""
    if inclusive is not None:
        return int(inclusive)
    return int(exclusive) + step if exclusive is not None else otherwise


def _has_json_type(value: object, kind: inspect.Type) -> bool:
    """Says whether `value` has a JSON type in which `kind` is written."""
    if isinstance(kind, inspect.Metadata):
        return _has_json_type(value, kind.type)
    if isinstance(kind, inspect.UnionType):
        return any(_has_json_type(value, member) for member in kind.types)
    if isinstance(kind, inspect.AnyType | inspect.RawType):
        return True
    if isinstance(kind, inspect.NoneType):
        return value is None
    if isinstance(kind, inspect.BoolType):
        return isinstance(value, bool)
    if isinstance(kind, inspect.IntType):
        return isinstance(value, int | HugeNumber) and not isinstance(value, bool)
    if isinstance(kind, inspect.FloatType):
        return isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(kind, inspect.LiteralType | inspect.EnumType):
        return any(type(value) is type(allowed) for allowed in _allowed(kind))
    if isinstance(kind, inspect.StructType):
        return isinstance(value, dict) and not kind.array_like
    if isinstance(kind, inspect.DictType):
        return isinstance(value, dict)
    if isinstance(kind, inspect.CollectionType | inspect.TupleType):
        return isinstance(value, list)
    return isinstance(value, str)  # text, and types that JSON writes as text: times, UUIDs, bytes, decimals


def _allowed(kind: inspect.LiteralType | inspect.EnumType) -> list[object]:
    return [member.value for member in kind.cls] if isinstance(kind, inspect.EnumType) else list(kind.values)


def _converts(value: object, kind: inspect.Type) -> bool:
    """Says whether msgspec reads `value`, a text or None, as a type that JSON writes as text."""
    targets: dict[type[inspect.Type], type] = {
        inspect.DateTimeType: datetime.datetime,
        inspect.DateType: datetime.date,
        inspect.TimeType: datetime.time,
        inspect.TimeDeltaType: datetime.timedelta,
        inspect.UUIDType: uuid.UUID,
        inspect.DecimalType: decimal.Decimal,
        inspect.ByteArrayType: bytearray,
        inspect.BytesType: bytes,
    }
    if type(kind) not in targets:
        return True
    try:
        msgspec.convert(value, type=targets[type(kind)])
    except msgspec.ValidationError:
        return False
    return True


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _below(pointer: str, name: str) -> str:
    return f"{pointer}/{in_unicode(_short(name)).replace('~', '~0').replace('/', '~1')}"


def _short(name: str) -> str:
    return _cut(name, MAX_KEY_CHARACTERS)


def _cut(text: str, most: int = MAX_POINTER_CHARACTERS) -> str:
    return text if len(text) <= most else text[:most] + "…"
