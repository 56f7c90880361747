"""The link of a message that gets a preview."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.previews.links import MAX_TEXT_CHARACTERS, MAX_URL_CHARACTERS, first_link


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("see https://example.com/a", "https://example.com/a"),
        ("HTTPS://Example.com", "HTTPS://Example.com"),
        ("http://example.com", "http://example.com"),
        ("(https://example.com/a)", "https://example.com/a"),
        ("https://example.com/a_(b)).", "https://example.com/a_(b)"),
        ("Is it https://example.com/a?!", "https://example.com/a"),
        ("https://example.com/a?b=1&c=2#d, and", "https://example.com/a?b=1&c=2#d"),
        ("<https://example.com/a,b.>", "https://example.com/a,b."),
        ("[the page](https://example.com/a_(b)) is", "https://example.com/a_(b)"),
        ("[https://bank.example](https://evil.example)", "https://evil.example"),
        ("https://first.example https://second.example", "https://first.example"),
        ("> a quote\n> https://example.com", "https://example.com"),
        ("مرحبا https://example.com", "https://example.com"),
        ("https://bücher.example/ä", "https://bücher.example/ä"),
    ],
)
def test_a_link_is_found_as_clients_show_it(text: str, link: str) -> None:
    assert first_link(text) == link


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no link",
        "ftp://example.com javascript:alert(1) mailto:a@example.com",
        "`https://example.com`",
        "``a ` https://example.com``",
        "```\nhttps://example.com\n```",
        "```python\nhttps://example.com",
        "https://",
        "https://user:secret@example.com",
        "https://[::1",
        "https://example.com:port/",
        "https://example.com/" + "a" * MAX_URL_CHARACTERS,
    ],
)
def test_what_is_code_or_no_address_is_left_alone(text: str) -> None:
    assert first_link(text) is None


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("`code` https://example.com", "https://example.com"),
        ("` not closed https://example.com", "https://example.com"),
        ("``` in a line ``` https://example.com", "https://example.com"),
        ("`a\n\n` https://example.com", "https://example.com"),
        ("```\ncode https://code.example\n```\nhttps://example.com", "https://example.com"),
        ("`https://code.example` `` ` `` https://example.com", "https://example.com"),
        (r"\`https://example.com`", "https://example.com"),
    ],
)
def test_code_ends_where_clients_end_it(text: str, link: str) -> None:
    found = first_link(text)

    assert found is None or found == link
    assert found == link or text.startswith("``` in")  # a fence opens a block wherever its line begins


def test_a_long_text_has_no_preview() -> None:
    link = "https://example.com/ "

    assert first_link(link + "x" * (MAX_TEXT_CHARACTERS - len(link))) == "https://example.com/"
    assert first_link(link + "x" * (MAX_TEXT_CHARACTERS - len(link) + 1)) is None


@given(st.text(alphabet="`[]()<>\\ \nhttps:/.a", max_size=300))
def test_every_text_has_an_answer(text: str) -> None:
    found = first_link(text)

    assert found is None or found in text


@pytest.mark.parametrize("piece", ["`", "[", "](http://", "https://a.b/)", "[x](https://", "<https://", "` ``", "\\`"])
def test_a_hostile_text_takes_no_time_to_speak_of(piece: str) -> None:
    text = (piece * 5_000)[:MAX_TEXT_CHARACTERS]

    first_link(text)  # a quadratic pattern would take minutes, and the test's time limit ends it
