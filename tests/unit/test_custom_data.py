"""Metadata that fit come back as they were sent. Each fault is named with its place and its limit."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.api import custom_data
from parley.domain.api.bodies import decode, decode_metadata
from parley.domain.api.custom_data import MAX_METADATA_BYTES, MAX_METADATA_DEPTH, MAX_WHOLE_NUMBER
from parley.domain.api.errors import Field, Invalid, Malformed
from parley.domain.api.requests import SendMessageAction

NUMBER = f"{MAX_WHOLE_NUMBER + 1}"


class Wish(msgspec.Struct, forbid_unknown_fields=True):
    count: int = 0
    metadata: dict[str, Any] | None = None


def body(metadata: str) -> str:
    return f'{{"conversation_id":"d","text":"a","metadata":{metadata}}}'


def metadata_of(written: str) -> dict[str, Any] | None:
    return decode(body(written), SendMessageAction, "/data").metadata


def nested(depth: int) -> str:
    return '{"a":' * (depth - 1) + "{}" + "}" * (depth - 1)


def filled(count: int, letter: str = "x") -> str:
    """Returns metadata of so many bytes."""
    return json.dumps({"a": letter * ((count - len('{"a":""}')) // len(letter.encode()))}, ensure_ascii=False)


FITTING = {
    "nothing": "{}",
    "numbers": f'{{"a":1.0,"b":1e300,"c":-0.5,"d":{MAX_WHOLE_NUMBER},"e":-{MAX_WHOLE_NUMBER}}}',
    "empty": '{"":"","a":[],"b":{},"c":null,"d":false}',
    "order": '{"z":1,"a":2,"m":3}',
    "same name in two objects": '{"a":{"a":1},"b":{"a":2}}',
    "any text": '{"a":"👋 \\u0001 \\" \\\\ é"}',
    "deepest": nested(MAX_METADATA_DEPTH),
    "largest": filled(MAX_METADATA_BYTES),
    "largest of two bytes a letter": filled(MAX_METADATA_BYTES, "é"),
    "white space": '{ "a" :' + " " * 10_000 + "1 }",
}


@pytest.mark.parametrize("written", FITTING.values(), ids=FITTING)
def test_what_fits_comes_back_as_it_was_sent(written: str) -> None:
    stored = custom_data.compact(metadata_of(written))

    shown = custom_data.from_compact(stored)
    assert json.dumps(shown) == json.dumps(json.loads(written))
    assert len((stored or "").encode()) <= MAX_METADATA_BYTES


FAULTS = {
    "list": ("[]", Field("/data/metadata", "wrong_type")),
    "text": ('"a"', Field("/data/metadata", "wrong_type")),
    "one level too deep": (nested(9), Field("/data/metadata" + "/a" * 8, "too_deep", 8)),
    "forty levels": (nested(40), Field("/data/metadata" + "/a" * 8, "too_deep", 8)),
    "one byte too many": (filled(4_097), Field("/data/metadata", "too_many_bytes", 4_096)),
    "too many bytes in few letters": (filled(4_098, "é"), Field("/data/metadata", "too_many_bytes", 4_096)),
    "name twice": ('{"a":{"b":1,"b":1}}', Field("/data/metadata/a/b", "repeated")),
    "name twice in two notations": ('{"b":1,"\\u0062":2}', Field("/data/metadata/b", "repeated")),
    "NUL": ('{"a":["b\\u0000"]}', Field("/data/metadata/a/0", "bad_format")),
    "NUL in a name": ('{"a\\u0000":1}', Field("/data/metadata/a\0", "bad_format")),
    "half an emoji": ('{"a":"\\ud83d"}', Field("/data/metadata/a", "bad_format")),
    "no double holds it": ('{"a":1e400}', Field("/data/metadata/a", "bad_format")),
    "too large to be exact": (f'{{"a":{NUMBER}}}', Field("/data/metadata/a", "too_large", MAX_WHOLE_NUMBER)),
    "too small to be exact": (f'{{"a":-{NUMBER}}}', Field("/data/metadata/a", "too_small", -MAX_WHOLE_NUMBER)),
    "endless": ('{"a":' + "9" * 5_000 + "}", Field("/data/metadata/a", "too_large", MAX_WHOLE_NUMBER)),
}


@pytest.mark.parametrize("written, field", FAULTS.values(), ids=FAULTS)
def test_what_does_not_fit_is_named_with_its_limit(written: str, field: Field) -> None:
    with pytest.raises(Invalid) as refused:
        metadata_of(written)

    assert list(refused.value.fields) == [field]


@pytest.mark.parametrize("written, field", FAULTS.values(), ids=FAULTS)
def test_object_that_no_decoder_has_read_is_judged_alike(written: str, field: Field) -> None:
    with pytest.raises(Invalid) as refused:
        decode_metadata(written.encode(), "/data/metadata", MAX_METADATA_BYTES)

    assert list(refused.value.fields) == [field]


@pytest.mark.parametrize("written", FITTING.values(), ids=FITTING)
def test_object_that_no_decoder_has_read_is_stored_alike(written: str) -> None:
    assert decode_metadata(written.encode(), "", MAX_METADATA_BYTES) == custom_data.compact(metadata_of(written))


def test_size_is_that_of_the_caller_and_null_is_none() -> None:
    with pytest.raises(Invalid) as refused:
        decode_metadata(filled(2_049).encode(), "/metadata", 2_048)

    assert list(refused.value.fields) == [Field("/metadata", "too_many_bytes", 2_048)]
    assert decode_metadata(filled(2_048).encode(), "/metadata", 2_048) == filled(2_048).replace(" ", "")
    assert decode_metadata(b"null", "/metadata", 2_048) is None


@pytest.mark.parametrize("raw, code", [(b'{"a":"\xff"}', "bad_format"), (b'{"a":' * 100_000, "too_deep")])
def test_bytes_that_are_no_text_and_endless_depth_are_no_failure(raw: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        decode_metadata(raw, "/metadata", 2_048)

    assert [(field.pointer, field.code) for field in refused.value.fields] == [("/metadata", code)]


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_json_is_refused_as_a_whole(constant: str) -> None:
    with pytest.raises(Malformed):
        metadata_of(f'{{"a":{constant}}}')


def test_other_faults_are_named_beside_those_of_metadata() -> None:
    with pytest.raises(Invalid) as refused:
        decode('{"count":"one","metadata":{"a":1,"a":2}}', Wish)

    assert {(field.pointer, field.code) for field in refused.value.fields} == {
        ("/count", "wrong_type"),
        ("/metadata/a", "repeated"),
    }


def test_whole_number_with_a_point_beside_metadata_is_still_one() -> None:
    decoded = decode('{"count":5.0,"metadata":{"a":1.0,"b":1e300}}', Wish)

    assert (decoded.count, custom_data.compact(decoded.metadata)) == (5, '{"a":1.0,"b":1e300}')


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-MAX_WHOLE_NUMBER, MAX_WHOLE_NUMBER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["", "a", "é"]), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["x", "y", "z"]), json_values))
def test_whatever_is_stored_comes_back(metadata: dict[str, Any]) -> None:
    written = json.dumps(metadata)
    try:
        stored = custom_data.compact(metadata_of(written))
    except Invalid as refused:
        assert {field.code for field in refused.fields} <= {"too_deep", "too_many_bytes"}
        return

    assert custom_data.from_compact(stored) == json.loads(written)
    assert msgspec.json.encode(custom_data.from_compact(stored)).decode() == stored
