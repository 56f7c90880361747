"""Bodies and query strings: what fits comes back typed, all that does not is named, and nothing else is ever raised."""

import datetime
import enum
import importlib
import json
import pkgutil
import sys
import unicodedata
import uuid
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Meta, inspect

import parley.domain
from parley.domain.api import requests
from parley.domain.api.bodies import decode, decode_query
from parley.domain.api.errors import Field, Invalid, Malformed
from parley.domain.api.fields import EMPTY_OR_NOT_BLANK, NOT_BLANK, is_blank
from parley.domain.api.invalid_fields import MAX_KEY_CHARACTERS, MAX_REPORTED
from parley.domain.support.requests import AddNote, ListAllTickets, MergeTicket, UpdateTicket

# The machine may be busy, and the first text drawn builds a table of all characters.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

Small = Annotated[int, Meta(ge=1, le=100)]


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Place(msgspec.Struct, forbid_unknown_fields=True):
    type: Annotated[str, Meta(pattern=r"^[a-z]+$(?!\n)")]
    id: str | None = None


class Circle(msgspec.Struct, tag="circle", tag_field="shape", forbid_unknown_fields=True):
    radius: Small


class Square(msgspec.Struct, tag="square", tag_field="shape", forbid_unknown_fields=True):
    side: Small


class Draft(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    text: Annotated[str, Meta(max_length=10, pattern=NOT_BLANK)]
    code: Annotated[str, Meta(min_length=2, max_length=4)] | None = None
    kind: Literal["text", "voice"] = "text"
    colour: Colour = Colour.RED
    count: Small = 1
    rank: Annotated[int, Meta(gt=0, lt=10)] = 1
    any_number: int = 0
    share: Annotated[float, Meta(ge=0, le=1)] = 0.0
    even: Annotated[int, Meta(ge=0, le=100, multiple_of=2)] = 0
    is_open: bool = True
    place: Place | None = None
    shape: Circle | Square | None = None
    cursors: Annotated[dict[str, Place | Small], Meta(max_length=2)] = {}
    named: dict[Annotated[str, Meta(max_length=3)], int] = {}
    user_ids: Annotated[list[Annotated[str, Meta(max_length=3)]], Meta(min_length=1, max_length=2)] = msgspec.field(
        default_factory=lambda: ["a"]
    )
    pair: tuple[int, str] = (0, "")
    at: datetime.datetime | None = None
    uid: uuid.UUID | None = None
    blob: bytes = b""
    anything: msgspec.Raw = msgspec.Raw(b"null")


class Query(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    limit: Small = 50
    before: Annotated[int, Meta(ge=1, le=10**15)] | None = None
    state: Literal["active", "archived"] = "active"
    q: Annotated[str, Meta(max_length=5)] | None = None
    is_mine: bool = False
    ids: Annotated[list[str], Meta(max_length=2)] = []
    numbers: list[int] = []


def faults_of(raw: str | bytes, pointer: str = "") -> list[tuple[str, str, int | None]]:
    with pytest.raises(Invalid) as refused:
        decode(raw, Draft, pointer)
    assert not isinstance(refused.value, Malformed)
    assert refused.value.code == "invalid_request"
    assert refused.value.detail.endswith(".")
    return [(field.pointer, field.code, field.limit) for field in refused.value.fields]


def test_body_that_fits_comes_back_typed() -> None:
    draft = decode(b'{"text": "hi", "count": 3, "place": {"type": "class", "id": "7b"}}', Draft)

    assert draft == Draft(text="hi", count=3, place=Place("class", "7b"))


def test_text_may_come_as_str() -> None:
    assert decode('{"text": "h\\u00e9 👋"}', Draft).text == "hé 👋"


MALFORMED = {
    "space": b" \n",
    "word": b"hello",
    "half": b'{"text": "a"',
    "trailing": b'{"text": "a"} x',
    "two": b'{"text": "a"}{"text": "a"}',
    "comma": b'{"text": "a",}',
    "single_quotes": b"{'text': 'a'}",
    "comment": b'{"text": "a" /* */}',
    "nan": b'{"text": "a", "share": NaN}',
    "infinity": b'{"text": "a", "share": -Infinity}',
    "leading_zero": b'{"text": "a", "count": 01}',
    "plus": b'{"text": "a", "count": +1}',
    "hex": b'{"text": "a", "count": 0x1}',
    "control_character": b'{"text": "a\nb"}',
    "bad_escape": b'{"text": "\\x"}',
    "byte_order_mark": b'\xef\xbb\xbf{"text": "a"}',
    "utf_16": '{"text": "a"}'.encode("utf-16"),
    "latin_1": '{"text": "é"}'.encode("latin-1"),
    "overlong_utf_8": b'{"text": "\xc0\xaf"}',
    "surrogate_in_utf_8": b'{"text": "\xed\xa0\x80"}',
    "bad_utf_8_after_wrong_type": b'{"text": 1, "code": "\xff"}',
}


@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_json_is_malformed(raw: str | bytes) -> None:
    with pytest.raises(Malformed) as refused:
        decode(raw, Draft)

    assert (refused.value.code, refused.value.fields) == ("malformed_json", ())


@pytest.mark.parametrize("raw", [b"", ""], ids=["bytes", "text"])
def test_no_body_at_all_is_not_called_malformed(raw: str | bytes) -> None:
    with pytest.raises(Malformed) as refused:
        decode(raw, Draft)

    assert (refused.value.code, refused.value.fields) == ("missing_body", ())


HALVES: dict[str, tuple[str | bytes, list[tuple[str, str, int | None]]]] = {
    "high": (b'{"text": "\\ud800"}', [("/text", "bad_format", None)]),
    "low": (b'{"text": "\\udc00 "}', [("/text", "bad_format", None)]),
    "swapped": (b'{"text": "\\udc00\\ud800"}', [("/text", "bad_format", None)]),
    "unescaped": ('{"text": "\ud800"}', [("/text", "bad_format", None)]),
    "key": (b'{"text": "a", "\\ud800~": 1}', [("/\ufffd~0", "unknown_field", None)]),
    "beside an unknown field": (
        b'{"x": 1, "text": "\\ud800"}',
        [("/x", "unknown_field", None), ("/text", "bad_format", None)],
    ),
    "inside an unknown field": (
        b'{"text": "a", "x": [1, {"y": ["\\ud800"]}]}',
        [("/x", "unknown_field", None), ("/x/1/y/0", "bad_format", None)],
    ),
    "more than are reported": (
        b'{"text": "a", "x": [' + b'"\\ud800",' * 100 + b"1]}",
        [("/x", "unknown_field", None), *((f"/x/{index}", "bad_format", None) for index in range(19))],
    ),
}


@pytest.mark.parametrize(("raw", "fields"), HALVES.values(), ids=HALVES.keys())
def test_half_a_surrogate_pair_is_refused_by_field(raw: str | bytes, fields: list[tuple[str, str, int | None]]) -> None:
    assert faults_of(raw) == fields


DEEP = {
    "100,000 arrays": b"[" * 100_000,
    "100,000 arrays in a field": b'{"text":' + b"[" * 100_000,
    "100,000 objects": b'{"text":' * 100_000,
    "closed": b'{"text":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "70 levels": b'{"x":' + b"[" * 70 + b"]" * 70 + b"}",
}


@pytest.mark.parametrize("raw", DEEP.values(), ids=DEEP.keys())
def test_deep_nesting_is_refused_as_such(raw: bytes) -> None:
    with pytest.raises(Malformed) as refused:
        decode(raw, Draft)

    assert refused.value.code == "too_deep"


@pytest.mark.parametrize("raw", [b"[]", b"null", b"true", b"3", b'"text"', b"1e400", b"9" * 5000])
def test_json_that_is_no_object_has_the_wrong_type(raw: bytes) -> None:
    assert faults_of(raw, "/data") == [("/data", "wrong_type", None)]


WRONG_FIELDS: dict[str, tuple[object, list[tuple[str, str, int | None]]]] = {
    "missing": ({}, [("/text", "required", None)]),
    "number for text": ({"text": 1}, [("/text", "wrong_type", None)]),
    "null for text": ({"text": None}, [("/text", "wrong_type", None)]),
    "list for text": ({"text": ["a"]}, [("/text", "wrong_type", None)]),
    "empty": ({"text": ""}, [("/text", "blank", None)]),
    "spaces": ({"text": " \t\n"}, [("/text", "blank", None)]),
    "zero width": ({"text": "\u200b\u200d\ufeff\u2060"}, [("/text", "blank", None)]),
    "too long": ({"text": "a" * 11}, [("/text", "too_long", 10)]),
    "too long and blank": ({"text": " " * 11}, [("/text", "too_long", 10)]),
    "too short": ({"text": "a", "code": "b"}, [("/code", "too_short", 2)]),
    "too long in a union": ({"text": "a", "code": "bbbbb"}, [("/code", "too_long", 4)]),
    "not in the union": ({"text": "a", "code": 5}, [("/code", "wrong_type", None)]),
    "unknown": ({"text": "a", "colr": 1}, [("/colr", "unknown_field", None)]),
    "unknown key with / and ~": ({"text": "a", "a/b~c": 1}, [("/a~1b~0c", "unknown_field", None)]),
    "empty key": ({"text": "a", "": 1}, [("/", "unknown_field", None)]),
    "emoji key": ({"text": "a", "👋": 1}, [("/👋", "unknown_field", None)]),
    "not a literal": ({"text": "a", "kind": "smell"}, [("/kind", "not_allowed", None)]),
    "number for a literal": ({"text": "a", "kind": 1}, [("/kind", "wrong_type", None)]),
    "not in the enum": ({"text": "a", "colour": "green"}, [("/colour", "not_allowed", None)]),
    "object for an enum": ({"text": "a", "colour": {}}, [("/colour", "wrong_type", None)]),
    "too small": ({"text": "a", "count": 0}, [("/count", "too_small", 1)]),
    "negative": ({"text": "a", "count": -(10**30)}, [("/count", "too_small", 1)]),
    "too large": ({"text": "a", "count": 101}, [("/count", "too_large", 100)]),
    "huge": ({"text": "a", "count": 10**20}, [("/count", "too_large", 100)]),
    "exclusive above": ({"text": "a", "rank": 10}, [("/rank", "too_large", 9)]),
    "exclusive below": ({"text": "a", "rank": 0}, [("/rank", "too_small", 1)]),
    "float for int": ({"text": "a", "count": 1.5}, [("/count", "wrong_type", None)]),
    "bool for int": ({"text": "a", "count": True}, [("/count", "wrong_type", None)]),
    "text for int": ({"text": "a", "count": "1"}, [("/count", "wrong_type", None)]),
    "int for bool": ({"text": "a", "is_open": 1}, [("/is_open", "wrong_type", None)]),
    "bool for float": ({"text": "a", "share": True}, [("/share", "wrong_type", None)]),
    "float too large": ({"text": "a", "share": 1.5}, [("/share", "too_large", 1)]),
    "huge float": ({"text": "a", "share": 10**400}, [("/share", "too_large", 1)]),
    "not a multiple": ({"text": "a", "even": 3}, [("/even", "not_allowed", None)]),
    "text for object": ({"text": "a", "place": "class"}, [("/place", "wrong_type", None)]),
    "nested missing": ({"text": "a", "place": {}}, [("/place/type", "required", None)]),
    "nested pattern": ({"text": "a", "place": {"type": "A"}}, [("/place/type", "bad_format", None)]),
    "nested unknown": ({"text": "a", "place": {"type": "a", "x": 1}}, [("/place/x", "unknown_field", None)]),
    "final line feed": ({"text": "a", "place": {"type": "a\n"}}, [("/place/type", "bad_format", None)]),
    "untagged": ({"text": "a", "shape": {"side": 1}}, [("/shape/shape", "required", None)]),
    "tag of nobody": ({"text": "a", "shape": {"shape": "x"}}, [("/shape/shape", "not_allowed", None)]),
    "tagged": ({"text": "a", "shape": {"shape": "square", "side": 0}}, [("/shape/side", "too_small", 1)]),
    "map too large": ({"text": "a", "cursors": {"a": 1, "b": 1, "c": 1}}, [("/cursors", "too_many_items", 2)]),
    "map value": ({"text": "a", "cursors": {"a/b": 0}}, [("/cursors/a~1b", "too_small", 1)]),
    "map value's field": ({"text": "a", "cursors": {"a": {}}}, [("/cursors/a/type", "required", None)]),
    "map value's type": ({"text": "a", "cursors": {"a": []}}, [("/cursors/a", "wrong_type", None)]),
    "map key": ({"text": "a", "named": {"abcd": 1}}, [("/named/abcd", "too_long", 3)]),
    "list for map": ({"text": "a", "cursors": []}, [("/cursors", "wrong_type", None)]),
    "no entries": ({"text": "a", "user_ids": []}, [("/user_ids", "too_few_items", 1)]),
    "too many entries": ({"text": "a", "user_ids": ["a", "b", "c"]}, [("/user_ids", "too_many_items", 2)]),
    "entry's type": ({"text": "a", "user_ids": ["a", 1]}, [("/user_ids/1", "wrong_type", None)]),
    "entry's length": ({"text": "a", "user_ids": ["abcd"]}, [("/user_ids/0", "too_long", 3)]),
    "text for list": ({"text": "a", "user_ids": "ab"}, [("/user_ids", "wrong_type", None)]),
    "tuple's length": ({"text": "a", "pair": [1]}, [("/pair", "too_few_items", 2)]),
    "tuple's item": ({"text": "a", "pair": [1, 2]}, [("/pair/1", "wrong_type", None)]),
    "not a time": ({"text": "a", "at": "yesterday"}, [("/at", "bad_format", None)]),
    "number for a time": ({"text": "a", "at": []}, [("/at", "wrong_type", None)]),
    "not a UUID": ({"text": "a", "uid": "x"}, [("/uid", "bad_format", None)]),
    "not base64": ({"text": "a", "blob": "***"}, [("/blob", "bad_format", None)]),
    "several": (
        {"text": " ", "count": 0, "place": {"type": 1}, "x": 1},
        [
            ("/text", "blank", None),
            ("/count", "too_small", 1),
            ("/place/type", "wrong_type", None),
            ("/x", "unknown_field", None),
        ],
    ),
}


@pytest.mark.parametrize(("sent", "expected"), WRONG_FIELDS.values(), ids=WRONG_FIELDS.keys())
def test_each_wrong_field_is_named(sent: object, expected: list[tuple[str, str, int | None]]) -> None:
    assert faults_of(json.dumps(sent)) == expected


@pytest.mark.parametrize(("sign", "code", "limit"), [("", "too_large", 2**63 - 1), ("-", "too_small", -(2**63))])
def test_number_of_5000_digits_is_named(sign: str, code: str, limit: int) -> None:
    assert faults_of('{"text": "a", "any_number": ' + sign + "9" * 5000 + "}") == [("/any_number", code, limit)]


def test_pointers_start_where_the_body_stood() -> None:
    assert faults_of(b'{"text": 1}', "/data") == [("/data/text", "wrong_type", None)]


def test_what_is_quoted_back_is_bounded() -> None:
    sent = {"text": "a"} | {f"{number:0>5}" + "k" * 10_000: 1 for number in range(100)}

    found = faults_of(json.dumps(sent))

    assert len(found) == MAX_REPORTED
    assert all(len(pointer) <= MAX_KEY_CHARACTERS + 2 for pointer, _, _ in found)


def test_a_struct_that_refuses_its_own_fields_is_not_a_server_error() -> None:
    class Never(msgspec.Struct):
        def __post_init__(self) -> None:
            raise ValueError("no")

    with pytest.raises(Invalid) as refused:
        decode(b"{}", Never)

    assert refused.value.fields == (Field("", "not_allowed"),)


def test_last_of_two_equal_keys_counts() -> None:
    assert decode(b'{"text": "a", "text": "b"}', Draft).text == "b"


@patient
@given(st.binary())
def test_arbitrary_bytes_raise_nothing_but_refusals(raw: bytes) -> None:
    try:
        decode(raw, Draft)
    except Invalid as refused:
        assert refused.status == 400


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@patient
@given(st.dictionaries(st.sampled_from([field.name for field in msgspec.structs.fields(Draft)]), _json))
def test_arbitrary_json_is_decoded_or_has_its_wrong_fields_named(sent: dict[str, object]) -> None:
    raw = json.dumps(sent)
    try:
        decode(raw, Draft)
    except Malformed as refused:
        assert refused.code == "malformed_json"
    except Invalid as refused:
        assert refused.fields
        assert Field("", "not_allowed") not in refused.fields, "the walk must find what msgspec found"


_places = st.builds(Place, type=st.from_regex(r"[a-z]+", fullmatch=True), id=st.none() | st.text())


@patient
@given(
    st.builds(
        Draft,
        text=st.text(min_size=1, max_size=10).filter(lambda text: not is_blank(text)),
        code=st.none() | st.text(min_size=2, max_size=4),
        kind=st.sampled_from(["text", "voice"]),
        colour=st.sampled_from(Colour),
        count=st.integers(1, 100),
        rank=st.integers(1, 9),
        any_number=st.integers(-(2**63), 2**63 - 1),
        share=st.floats(0, 1),
        even=st.integers(0, 50).map(lambda half: 2 * half),
        is_open=st.booleans(),
        place=st.none() | _places,
        shape=st.none() | st.builds(Circle, st.integers(1, 100)) | st.builds(Square, st.integers(1, 100)),
        cursors=st.dictionaries(st.text(), _places | st.integers(1, 100), max_size=2),
        user_ids=st.lists(st.text(max_size=3), min_size=1, max_size=2),
        pair=st.tuples(st.integers(-5, 5), st.text()),
        uid=st.none() | st.uuids(),
        blob=st.binary(),
        anything=_json.map(lambda value: msgspec.Raw(msgspec.json.encode(value))),
    )
)
def test_what_is_encoded_is_decoded_to_the_same(draft: Draft) -> None:
    assert decode(msgspec.json.encode(draft), Draft) == draft


def test_query_is_read_by_the_types_of_its_fields() -> None:
    query = decode_query({"limit": "7", "q": "12", "is_mine": "true", "ids": ["a", "b"], "numbers": "3"}, Query)

    assert query == Query(limit=7, q="12", is_mine=True, ids=["a", "b"], numbers=[3])


def test_parameters_may_come_as_lists_of_one() -> None:
    assert decode_query({"limit": ["7"], "state": ["archived"]}, Query) == Query(limit=7, state="archived")


WRONG_QUERIES: dict[str, tuple[dict[str, str | list[str]], list[tuple[str, str, int | None]]]] = {
    "word": ({"limit": "abc"}, [("?limit", "wrong_type", None)]),
    "empty": ({"limit": ""}, [("?limit", "wrong_type", None)]),
    "zero": ({"limit": "0"}, [("?limit", "too_small", 1)]),
    "negative": ({"limit": "-1"}, [("?limit", "too_small", 1)]),
    "large": ({"limit": "101"}, [("?limit", "too_large", 100)]),
    "exponent": ({"limit": "1e3"}, [("?limit", "wrong_type", None)]),
    "float": ({"limit": "1.5"}, [("?limit", "wrong_type", None)]),
    "20 digits": ({"limit": "99999999999999999999"}, [("?limit", "too_large", 100)]),
    "5,000 digits": ({"before": "9" * 5000}, [("?before", "too_large", 10**15)]),
    "leading zero": ({"limit": "07"}, [("?limit", "wrong_type", None)]),
    "plus": ({"limit": "+7"}, [("?limit", "wrong_type", None)]),
    "space": ({"limit": " 7"}, [("?limit", "wrong_type", None)]),
    "line feed": ({"limit": "7\n"}, [("?limit", "wrong_type", None)]),
    "underscore": ({"limit": "1_0"}, [("?limit", "wrong_type", None)]),
    "other digits": ({"limit": "٣"}, [("?limit", "wrong_type", None)]),
    "null": ({"before": "null"}, [("?before", "wrong_type", None)]),
    "number for bool": ({"is_mine": "1"}, [("?is_mine", "wrong_type", None)]),
    "capital bool": ({"is_mine": "True"}, [("?is_mine", "wrong_type", None)]),
    "literal": ({"state": "gone"}, [("?state", "not_allowed", None)]),
    "long text": ({"q": "abcdef"}, [("?q", "too_long", 5)]),
    "lone surrogate": ({"q": "\ud800"}, [("?q", "bad_format", None)]),
    "lone surrogate for number": ({"limit": "\ud800"}, [("?limit", "bad_format", None)]),
    "unknown": ({"limits": "5"}, [("?limits", "unknown_field", None)]),
    "unknown, repeated": ({"limits": ["5", "6"]}, [("?limits", "unknown_field", None)]),
    "repeated": ({"limit": ["5", "6"]}, [("?limit", "repeated", None)]),
    "repeated and wrong": ({"limit": ["5", "x"]}, [("?limit", "repeated", None)]),
    "list too long": ({"ids": ["a", "b", "c"]}, [("?ids", "too_many_items", 2)]),
    "list's entry": ({"numbers": ["1", "x"]}, [("?numbers/1", "wrong_type", None)]),
    "several": ({"limit": "0", "x": "1"}, [("?limit", "too_small", 1), ("?x", "unknown_field", None)]),
}


@pytest.mark.parametrize(("sent", "expected"), WRONG_QUERIES.values(), ids=WRONG_QUERIES.keys())
def test_each_wrong_parameter_is_named(
    sent: dict[str, str | list[str]], expected: list[tuple[str, str, int | None]]
) -> None:
    with pytest.raises(Invalid) as refused:
        decode_query(sent, Query)

    assert refused.value.code == "invalid_request"
    assert [(field.pointer, field.code, field.limit) for field in refused.value.fields] == expected


_characters = st.text(st.characters(), max_size=6)


@patient
@given(st.dictionaries(st.sampled_from(["limit", "before", "q", "ids", "x"]), _characters | st.lists(_characters)))
def test_arbitrary_queries_raise_nothing_but_refusals(sent: dict[str, str | list[str]]) -> None:
    try:
        decode_query(sent, Query)
    except Invalid as refused:
        assert refused.fields


def test_every_character_without_a_shape_is_blank() -> None:
    # Format characters that are drawn: the marks that Arabic, Syriac and Kaithi put before numbers, and the joiners of
    # Egyptian hieroglyphs. They are the Cf characters that Unicode does not call default-ignorable.
    drawn = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD, *range(0x13430, 0x13440)}

    unseen = {"Cc", "Cf", "Zs", "Zl", "Zp"}
    seen = [
        hex(code_point)
        for code_point in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code_point)) in unseen and not is_blank(chr(code_point)) and code_point not in drawn
    ]

    assert seen == []


@pytest.mark.parametrize("text", ["", " ", "\u3000", "\u200b\n", "\u2800", "\u3164", "\U000e0061", "\u0000", "\ufe0f"])
def test_invisible_text_is_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", ["a", " . ", "👋", "🏴\U000e0067\U000e007f", "\u200bא", "0", "—", "ﷺ", "\U00013000"])
def test_visible_text_is_not_blank(text: str) -> None:
    assert not is_blank(text)


def _all_structs(root: type[msgspec.Struct]) -> list[type[msgspec.Struct]]:
    return [root, *(inner for child in root.__subclasses__() for inner in _all_structs(child))]


for module in pkgutil.walk_packages(parley.domain.__path__, "parley.domain."):
    importlib.import_module(module.name)  # the requests of all areas
REQUESTS = _all_structs(requests.Body)


def _parts(schema: object) -> list[dict[str, object]]:
    """Returns every object inside a JSON Schema."""
    inner = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else []
    return [*([schema] if isinstance(schema, dict) else []), *(part for value in inner for part in _parts(value))]


@pytest.mark.parametrize("request_class", REQUESTS, ids=lambda one: str(one.__name__))
def test_no_pattern_of_a_request_lets_a_final_line_feed_through(request_class: type[msgspec.Struct]) -> None:
    patterns = [str(part.get("pattern", "")) for part in _parts(msgspec.json.schema(request_class))]

    assert [pattern for pattern in patterns if pattern.endswith("$")] == []


def _patterns_without_words(kind: object, *, has_words: bool = False) -> Iterator[str]:
    """Yields each pattern of a type whose refusal would not say what is right."""
    if isinstance(kind, inspect.Metadata):
        yield from _patterns_without_words(kind.type, has_words="words" in (kind.extra or {}))
    elif isinstance(kind, inspect.StrType):
        if kind.pattern not in (None, NOT_BLANK, EMPTY_OR_NOT_BLANK) and not has_words:
            yield kind.pattern
    elif isinstance(kind, inspect.StructType):
        for field in kind.fields:
            yield from _patterns_without_words(field.type)
    elif isinstance(kind, inspect.Type):
        inner = [getattr(kind, name, ()) for name in ("types", "item_types", "item_type", "key_type", "value_type")]
        for one in inner:
            for member in one if isinstance(one, tuple) else (one,):
                yield from _patterns_without_words(member)


@pytest.mark.parametrize("request_class", REQUESTS, ids=lambda one: str(one.__name__))
def test_every_pattern_of_a_request_has_words_that_say_what_is_right(request_class: type[msgspec.Struct]) -> None:
    assert list(_patterns_without_words(inspect.type_info(request_class))) == []


@pytest.mark.parametrize("request_class", REQUESTS, ids=lambda one: str(one.__name__))
def test_every_integer_of_a_request_is_bounded(request_class: type[msgspec.Struct]) -> None:
    integers = [part for part in _parts(msgspec.json.schema(request_class)) if part.get("type") == "integer"]

    assert [part for part in integers if not {"minimum", "maximum"} <= part.keys()] == []


class _Bulk(msgspec.Struct, forbid_unknown_fields=True):
    items: list[msgspec.Raw]
    count: int = 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"items":["\\ud83d"]}', ['"\\ud83d"']),
        (' { "count" : 1.0 , "items" : [ {"a":[1,{"b":"]"}]} , "\\ud83d" ] } ', ['{"a":[1,{"b":"]"}]}', '"\\ud83d"']),
        ('{"items":[1,2],"items":[3.0,"\\ud83d"],"count":2}', ["3.0", '"\\ud83d"']),
        ('{"items":[],"count":3.0}', []),
    ],
)
def test_items_that_are_decoded_one_by_one_keep_their_text(text: str, expected: list[str]) -> None:
    decoded = decode(text.encode(), _Bulk)

    assert [bytes(item).decode() for item in decoded.items] == expected


@pytest.mark.parametrize(
    ("sent", "into", "detail"),
    [
        (
            {"until": "tomorrow", "reason": "x", "scope": "all"},
            requests.SuspendUser,
            "`/until` has the wrong format; write a time as 2026-11-21T07:30:00Z.",
        ),
        (
            {"until": "2026-11-21T07:30:00Z", "reason": "x", "scope": "some"},
            requests.SuspendUser,
            "`/scope` is not one of the values allowed: all, write.",
        ),
        (
            {"q": "x", "user_id": "bob", "from": "now"},
            requests.ExportSearch,
            "`/from` has the wrong format; write a day as 2026-11-21, or a time as 2026-11-21T07:30:00Z.",
        ),
        (
            {"tags": ["vip", "Friday booking"]},
            UpdateTicket,
            "`/tags/1` has the wrong format; a tag has 1 to 50 characters, and no space, comma, = or #.",
        ),
        ({"into": "t_1"}, MergeTicket, "`/into` has the wrong format; an id of a ticket is t_ and 26 of a-z 2-7."),
        (
            {"time_zone": "berlin"},
            requests.UpdateMe,
            "`/time_zone` has the wrong format; write a time zone as Europe/Berlin, by its name in IANA's database.",
        ),
        (
            {"client_id": "a b", "text": "Hello."},
            AddNote,
            "`/client_id` has the wrong format; a client_id has 1 to 64 of A-Z a-z 0-9 . _ : ~ -.",
        ),
        (
            {"text": "\ud83d"},
            AddNote,
            "`/text` has the wrong format; half of a surrogate pair is no character.",
        ),
    ],
)
def test_sentence_says_what_would_be_right(sent: object, into: type[msgspec.Struct], detail: str) -> None:
    with pytest.raises(Invalid) as refused:
        decode(json.dumps(sent).encode(), into)

    assert refused.value.detail == detail
    assert {type(field) for field in refused.value.fields} == {Field}


def test_sentence_of_a_query_says_what_would_be_right() -> None:
    with pytest.raises(Invalid) as refused:
        decode_query({"status": "new"}, requests.ReportQuery)

    assert refused.value.detail == "`?status` is not one of the values allowed: dismissed, in_review, open, resolved."


@pytest.mark.parametrize("status", ["waiting", "open,all", "open,"])
def test_sentence_of_a_list_with_commas_names_the_values(status: str) -> None:
    with pytest.raises(Invalid) as refused:
        decode_query({"status": status}, ListAllTickets)

    names = "open, in_progress, waiting_on_customer, resolved, closed"
    assert refused.value.detail == f"`?status` has the wrong format; write some of {names}, with commas between them."
