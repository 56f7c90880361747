"""Canned replies: placeholders are filled once, and unknown ones are refused when the reply is saved."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.api.errors import Invalid
from parley.domain.support.replies import PLACEHOLDERS, check_placeholders, fill

VALUES = {"requester.name": "Ann {{agent.name}}", "agent.name": "Bo", "ticket.number": "482-190-375"}


def test_placeholders_are_filled_once() -> None:
    text = "Dear {{requester.name}}, {{ agent.name }} looks into {{ticket.number}}."

    assert fill(text, VALUES) == "Dear Ann {{agent.name}}, Bo looks into 482-190-375."


def test_placeholder_without_a_value_stays() -> None:
    assert fill("{{ticket.subject}}", {}) == "{{ticket.subject}}"


@pytest.mark.parametrize("text", ["", "no placeholder", "{x}", "{{}}", "{{ }}", "{ {agent.name} }", "a { b }} c {{"])
def test_braces_that_are_no_placeholder_are_left_alone(text: str) -> None:
    check_placeholders(text, "/text")

    assert fill(text, VALUES) == text


@pytest.mark.parametrize("name", ["requester", "requester.nam", "user.name", "agent.name.x", "Agent.name", "__class__"])
def test_unknown_placeholder_is_refused_by_name(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_placeholders(f"Dear {{{{{name}}}}}", "/text")

    assert refused.value.code == "unknown_placeholder"
    assert refused.value.fields[0].pointer == "/text"
    assert f"{{{{{name}}}}}" in refused.value.detail
    assert all(known in refused.value.detail for known in PLACEHOLDERS)


@given(st.lists(st.sampled_from([*PLACEHOLDERS, "and", "}", " "])))
def test_saved_text_has_no_placeholder_that_nothing_fills(parts: list[str]) -> None:
    text = "".join(f"{{{{{part}}}}}" if part in PLACEHOLDERS else part for part in parts)

    check_placeholders(text, "/text")
    for placeholder in PLACEHOLDERS:
        assert f"{{{{{placeholder}}}}}" not in fill(text, dict.fromkeys(PLACEHOLDERS, ""))
