"""A page's words about itself, as previews show them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.previews.page import (
    MAX_DESCRIPTION_CHARACTERS,
    MAX_SITE_CHARACTERS,
    MAX_TITLE_CHARACTERS,
    Page,
    read_page,
)

URL = "https://www.example.com/articles/one"


def page(head: str, content_type: str = "text/html; charset=utf-8", url: str = URL) -> Page | None:
    return read_page(f"<!doctype html><html><head>{head}</head><body></body></html>".encode(), content_type, url)


def test_open_graph_comes_before_the_pages_own_title() -> None:
    found = page(
        "<title>Plain</title><meta name=description content='Plain words'>"
        "<meta property='og:title' content='A &amp; B'><meta property='og:description' content='Words'>"
        "<meta property='og:site_name' content='Example'><meta property='og:image' content='/a.png'>"
    )

    assert found == Page(title="A & B", description="Words", site="Example", image_url="https://www.example.com/a.png")


def test_a_page_without_open_graph_shows_its_title_and_its_host() -> None:
    assert page("<title> One\n two </title><meta name='description' content='Words'>") == Page(
        title="One two", description="Words", site="example.com"
    )


@pytest.mark.parametrize("content_type", ["application/json", "image/png", "", "text/plain"])
def test_only_html_has_a_preview(content_type: str) -> None:
    assert page("<title>One</title>", content_type) is None


@pytest.mark.parametrize("head", ["", "<title></title>", "<title> \u200e\x07 </title>", "<meta property=og:title>"])
def test_a_page_without_a_title_has_none(head: str) -> None:
    assert page(head) is None


@pytest.mark.parametrize(
    ("address", "image"),
    [
        ("https://cdn.example/a.png", "https://cdn.example/a.png"),
        ("//cdn.example/a.png", "https://cdn.example/a.png"),
        ("b.png", "https://www.example.com/articles/b.png"),
        ("http://cdn.example/a.png", "http://cdn.example/a.png"),
        ("data:image/png;base64,AAAA", None),
        ("javascript:alert(1)", None),
        ("https://user@cdn.example/a.png", None),
        ("https://[::1", None),
        ("https://cdn.example/" + "a" * 2048, None),
    ],
)
def test_a_picture_has_an_absolute_https_address(address: str, image: str | None) -> None:
    found = page(f"<title>One</title><meta property='og:image' content='{address}'>")

    assert found is not None and found.image_url == image


def test_a_base_moves_relative_pictures() -> None:
    found = page("<base href='https://cdn.example/x/'><title>One</title><meta property='og:image' content='a.png'>")

    assert found is not None and found.image_url == "https://cdn.example/x/a.png"


def test_texts_are_cut_and_cannot_turn_the_direction_round() -> None:
    found = page(
        f"<title>{'t' * 5000}</title><meta name=description content='\u202e{'d ' * 2000}'>"
        f"<meta property=og:site_name content='{'s' * 5000}'>"
    )

    assert found is not None and found.description is not None
    assert len(found.title) == MAX_TITLE_CHARACTERS and found.title.endswith("…")
    assert len(found.description) <= MAX_DESCRIPTION_CHARACTERS and "\u202e" not in found.description
    assert len(found.site) == MAX_SITE_CHARACTERS


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("<title>Grüße</title>".encode("cp1252"), "text/html; charset=ISO-8859-1"),
        ("<meta charset=windows-1252><title>Grüße</title>".encode("cp1252"), "text/html"),
        ("<title>Grüße</title>".encode(), "text/html"),
        ("<title>Grüße</title>".encode("utf-8-sig"), "text/html; charset=latin1"),
        ("\ufeff<title>Grüße</title>".encode("utf-16-le"), "text/html"),
        ("<title>Grüße</title>".encode(), "text/html; charset=utf-9"),
        ("<title>Grüße</title>".encode(), "text/html; charset=utf-7"),
        ("<title>Grüße</title>".encode(), "text/html; charset=rot13"),
    ],
)
def test_a_page_is_read_in_its_encoding(body: bytes, content_type: str) -> None:
    found = read_page(body, content_type, URL)

    assert found is not None and found.title == "Grüße"


def test_what_stands_in_the_body_or_in_a_script_does_not_count() -> None:
    body = b"<head><script>'<title>Script</title>'</script><title>Head</title></head><body><title>Body</title>"

    found = read_page(body, "text/html", URL)

    assert found is not None and found.title == "Head"


def test_a_body_that_is_cut_off_is_read_as_far_as_it_goes() -> None:
    whole = b"<title>One</title><meta property=og:description content='Words'>"

    assert read_page(whole[:30], "text/html", URL) == Page(title="One", site="example.com")


@given(st.binary(max_size=400), st.sampled_from(["text/html", "text/html; charset=utf-16", "text/html; charset=big5"]))
def test_every_body_has_an_answer(body: bytes, content_type: str) -> None:
    found = read_page(b"<title>" + body, content_type, URL)

    assert found is None or 0 < len(found.title) <= MAX_TITLE_CHARACTERS


@pytest.mark.parametrize("piece", [b"<", b"<a", b"&", b"<!--", b"<meta ", b"<title>", b"<a b='", b"<![CDATA["])
def test_a_megabyte_of_one_thing_ends(piece: bytes) -> None:
    read_page(piece * (1_000_000 // len(piece)), "text/html", URL)  # the test's time limit ends a quadratic parser
