"""Reading a JSON object that no parser takes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.api.damaged_json import text_member

HOSTILE = {
    "escaped quotes": '{"' + '\\"' * 65_000,
    "backslashes": '{"a": "' + "\\" * 130_001,
    "colons": '{"a"' + ":" * 130_000,
    "names": "{" + '"a":' * 32_000,
    "texts": "{" + '"a"' * 43_000,
    "depth": "[" * 130_000,
    "ends": "}" * 130_000,
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_long_damage_holds_no_text(raw: str) -> None:
    assert text_member(raw, "request_id") is None


def test_text_before_and_behind_damage_is_found() -> None:
    for raw in HOSTILE.values():
        assert text_member(f'{{"request_id": "r1", "data": {raw}', "request_id") == "r1"
    assert text_member('{"data": [[[tru]]], "request_id": "r1"', "request_id") == "r1"


_json = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "a"]), inner, max_size=2),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["id", "a", "b"]), _json), st.booleans())
def test_sound_objects_are_read_as_any_parser_reads_them(sent: dict[str, object], ascii_only: bool) -> None:
    wanted = sent.get("id")

    found = text_member(json.dumps(sent, ensure_ascii=ascii_only), "id")

    assert found == (wanted if isinstance(wanted, str) else None)
