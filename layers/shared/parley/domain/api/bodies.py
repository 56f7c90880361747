"""Request bodies and query strings: text in, a typed struct out, or a refusal that names every wrong field.

A valid body takes one call of msgspec. Only if that fails, `domain.api.invalid_fields` walks the struct's type beside
the body and collects every fault under a code of Parley's. No decision rests on the wording of msgspec's messages.

A text that must not be blank says so by its pattern, so that the JSON Schema made from the struct says it too:

    text: Annotated[str, msgspec.Meta(max_length=10_000, pattern=NOT_BLANK)]

Bound every integer with `ge` and `le`: JSON has no largest number. msgspec *searches* for a pattern, and Python's `$`
matches before a final newline too: end a pattern with `$(?!\\n)`. If a key occurs twice, the last one counts;
inside `metadata` it is refused (`custom_data.py`).
"""

import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec
from msgspec import inspect

from parley.domain.api import custom_data
from parley.domain.api.errors import Field
from parley.domain.api.fields import is_unicode, members, struct_type, whole_number

_whole_number = re.compile(r"(-?(?:0|[1-9][0-9]*))(?:\.0+)?")

T = TypeVar("T", bound=msgspec.Struct)


def decode(raw: str | bytes, into: type[T], pointer: str = "") -> T:
    """Returns the JSON object `raw` as `into`; raises Malformed if it is not JSON, Invalid for wrong fields.

    A number without a fraction is an integer, however it is written (JSON Schema): 72.0 is 72.
    `pointer` is the place of `raw` in the client's frame or body: over WebSocket the body is under `/data`.
    """
    try:
        decoded = msgspec.json.decode(raw, type=into)
        if not isinstance(getattr(decoded, "metadata", None), dict) or _has_good_metadata(raw):
            return decoded
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        pass  # the next lines name each fault
    from parley.domain.api import invalid_fields  # only bad requests pay for it

    return invalid_fields.read_body(raw, into, pointer)


def _has_good_metadata(raw: str | bytes) -> bool:
    return not any(custom_data.invalid_parts(custom_data.metadata_in(raw)))


def decode_metadata(raw: bytes, pointer: str, max_bytes: int) -> str | None:
    """Returns a JSON object as it is stored, None for null; raises Invalid, naming each wrong part."""
    text, wrong = custom_data.read_object(raw, max_bytes)
    if wrong:
        from parley.domain.api import invalid_fields

        raise invalid_fields.wrong_metadata(wrong, pointer)
    return text


def decode_query(params: Mapping[str, str | Sequence[str]], into: type[T]) -> T:
    """Returns query parameters as `into`, numbers and booleans read by the types of its fields; raises Invalid."""
    values, wrong = _read_query(params, into)
    try:
        decoded = msgspec.convert(values, type=into)
    except (msgspec.ValidationError, UnicodeError):  # half a surrogate pair in place of a number
        from parley.domain.api import invalid_fields

        raise invalid_fields.wrong_query(values, into, wrong) from None
    if wrong:
        from parley.domain.api import invalid_fields

        raise invalid_fields.wrong_query(values, into, wrong)
    return decoded


def _read_query(
    params: Mapping[str, str | Sequence[str]], into: type[msgspec.Struct]
) -> tuple[dict[str, object], list[Field]]:
    """Returns each parameter as the type of its field, and the parameters that fit no type."""
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
    """Returns `text` as one of `kinds`; or the text itself, which its type then refuses."""
    for kind in kinds:
        if isinstance(kind, inspect.IntType) and (digits := _whole_number.fullmatch(text)):
            return whole_number(digits[1])
        if isinstance(kind, inspect.BoolType) and text in ("true", "false"):
            return text == "true"
    return text
