"""Nested values in DynamoDB's notation: what is written comes back, and what has no form is refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.adapters.dynamodb.documents import DocumentAttribute, StringsAttribute, from_wire, to_wire

values = st.recursive(
    st.none() | st.booleans() | st.text() | st.integers(-(10**37), 10**37),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(values)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    back = from_wire(to_wire(value))

    assert back == value
    assert json.dumps(back) == json.dumps(value)  # True is not 1


@given(st.dictionaries(st.text(), values, max_size=3))
def test_a_document_attribute_gives_back_what_it_took(document: dict[str, Any]) -> None:
    attribute = DocumentAttribute()

    assert attribute.deserialize(attribute.serialize(document)) == document


@given(st.lists(st.text()))
def test_a_list_of_strings_keeps_its_order(strings: list[str]) -> None:
    attribute = StringsAttribute()

    assert attribute.deserialize(attribute.serialize(strings)) == strings


def test_numbers_travel_as_text() -> None:
    assert to_wire({"seq": 1, "is_open": True, "names": ("a", "b")}) == {
        "M": {"seq": {"N": "1"}, "is_open": {"BOOL": True}, "names": {"L": [{"S": "a"}, {"S": "b"}]}}
    }


@pytest.mark.parametrize("value", [1.5, b"bytes", {1, 2}, object()], ids=["float", "bytes", "set", "object"])
def test_what_has_no_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        to_wire(value)
