"""A page's words about itself, as previews show them."""

import sys
from types import FrameType

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.previews.links import MAX_URL_CHARACTERS
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


def test_words_that_nobody_can_see_count_as_none() -> None:
    found = page(
        "<meta property=og:title content='\u200b'><title>One</title><meta property=og:site_name content='&#8203;'>"
        "<meta property=og:description content='\u2060 \u3164'><meta name=description content='Words'>"
    )

    assert found == Page(title="One", description="Words", site="example.com")
    assert page("<title>One</title><meta name=description content='\u200b'>") == Page(title="One", site="example.com")


def test_emoji_and_scripts_keep_the_invisible_characters_that_they_need() -> None:
    family, persian = "\U0001f469\u200d\U0001f467", "\u0645\u06cc\u200c\u062e"

    assert page(f"<title>{family} {persian}</title>") == Page(title=f"{family} {persian}", site="example.com")


@pytest.mark.parametrize("content_type", ["application/json", "image/png", "", "text/plain"])
def test_only_html_has_a_preview(content_type: str) -> None:
    assert page("<title>One</title>", content_type) is None


@pytest.mark.parametrize(
    "head",
    [
        *("", "<title></title>", "<title> \u200e\x07 </title>", "<meta property=og:title>"),
        *("<title>\u200b\u2060</title>", "<title>&#8203;&zwj;</title>", "<title>\u3164 \u2800</title>"),
        "<title>" + "\u200b" * 300 + "beyond what is shown</title>",
    ],
)
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


# Names of Python's codecs that no browser knows.
NO_ENCODINGS = (
    *("unicode_escape", "unicode-escape", "raw_unicode_escape", "utf-7", "idna", "punycode", "undefined", "charmap"),
    *(
        "rot13",
        "hex",
        "base64",
        "zlib",
        "utf-32",
        "utf_8_sig",
        "hz",
        "iso2022_kr",
        "cp037",
        "cp65001",
        "mbcs",
        "aliases",
    ),
)


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
        *(("<title>Grüße</title>".encode(), f"text/html; charset={name}") for name in NO_ENCODINGS),
        *((f"<meta charset={name}><title>Grüße</title>".encode(), "text/html") for name in NO_ENCODINGS),
        ("<meta charset=utf-16><title>Grüße</title>".encode(), "text/html"),  # it is not, if this can be read
        ("<title>Grüße</title>".encode("utf-16-le"), "text/html; charset=UTF-16LE"),
        ("<title>Grüße</title>".encode("cp1252"), 'text/html; charset = " us-ascii"'),
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


@pytest.mark.parametrize(
    ("text", "encoding", "label"),
    [
        ("日本語", "cp932", "Shift_JIS"),
        ("日本語", "euc_jp", "EUC-JP"),
        ("日本語", "iso2022_jp", "iso-2022-jp"),
        ("中文", "gb18030", "gb2312"),
        ("中文", "big5", "Big5"),
        ("한국어", "cp949", "ks_c_5601-1987"),
        ("слово", "koi8-r", "koi8-r"),
        ("слово", "cp1251", "windows-1251"),
        ("łódź", "iso8859-2", "ISO-8859-2"),
        ("şeker", "cp1254", "iso-8859-9"),
        ("“quoted” €", "cp1252", "latin1"),
    ],
)
def test_encodings_of_the_web_are_read(text: str, encoding: str, label: str) -> None:
    body = f"<meta charset='{label}'><title>{text}</title>".encode(encoding)

    assert read_page(body, "text/html", URL) == Page(title=text, site="example.com")


@pytest.mark.parametrize(
    ("reference", "text"),
    [
        (f"&#{'1' * 5000};", "\ufffd"),
        (f"&#{'9' * 8000}", "\ufffd"),
        (f"&#x{'f' * 8000};", "\ufffd"),
        (f"&#{'0' * 5000}65;", "A"),
        ("&#65&#66;", "AB"),
        ("&#0;", "\ufffd"),
        ("a &# b", "a &# b"),
        ("&#1114112;", "\ufffd"),
        ("&#128512;", "\U0001f600"),
        ("&#55357;", "\ufffd"),
    ],
)
def test_references_of_any_length_are_read(reference: str, text: str) -> None:
    found = page(f"<title>{reference}</title><meta name=description content='{reference}'>")

    assert found == Page(title=text, description=text, site="example.com")


# --- any bytes --------------------------------------------------------------------------------------------------------

PIECES = (
    *(
        b"<",
        b">",
        b"<a",
        b"&",
        b"&#",
        b"&#x",
        b"1",
        b"9" * 4400,
        b";",
        b"=",
        b"'",
        b'"',
        b" ",
        b"/",
        b"\n",
        b"\0",
        b"<!--",
    ),
    *(b"-->", b"<meta ", b"<base href=", b"<title>", b"</title>", b"<script>", b"</script", b"<a b='", b"<![CDATA["),
    *(
        b" property=og:title",
        b" property='og:image' content=",
        b" name=description",
        b" content='",
        b"charset=",
        b"//[",
    ),
    *(b"https://", b"\xff", b"\xfe\xff", b"\xed\xa0\x80", b"\\ud800", b"\xe2\x80\x8b", b"\x1b$B", b"x", b"../"),
)
BODIES = st.one_of(
    st.binary(max_size=400),
    st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join),
    st.tuples(st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map(b"".join), st.integers(1, 2_000)).map(
        lambda piece: piece[0] * piece[1]
    ),
)
LABELS = st.one_of(
    st.sampled_from(["utf-8", "utf-16", "big5", "iso-2022-jp", "gb18030", "shift_jis", *NO_ENCODINGS]),
    st.text(max_size=30),
)


@given(
    st.sampled_from([b"", b"<title>", b"<title>x</title><meta property=og:description content='"]),
    BODIES,
    LABELS,
    st.sampled_from([URL, "http://[2001:db8::1]/", "https://example.com"]),
)
def test_every_body_has_an_answer_of_bounded_size(start: bytes, body: bytes, label: str, url: str) -> None:
    found = read_page(start + body, f"text/html; charset={label}", url)

    if found is not None:
        msgspec.json.encode(found)  # no half of a character, which no table takes
        assert 0 < len(found.title) <= MAX_TITLE_CHARACTERS
        assert found.description is None or 0 < len(found.description) <= MAX_DESCRIPTION_CHARACTERS
        assert 0 < len(found.site) <= MAX_SITE_CHARACTERS
        assert found.image_url is None or len(found.image_url) <= MAX_URL_CHARACTERS


@given(BODIES)
def test_a_body_takes_steps_by_its_length(body: bytes) -> None:
    steps = 0

    def count(_frame: FrameType, _event: str, _about: object) -> None:
        nonlocal steps
        steps += 1

    read_page(body, "text/html", URL)  # what is done once in a process is done
    before = sys.getprofile()
    sys.setprofile(count)
    try:
        read_page(body, "text/html", URL)
    finally:
        sys.setprofile(before)

    assert steps <= 500 + 20 * len(body)


@pytest.mark.parametrize("piece", [b"<", b"<a", b"&", b"<!--", b"<meta ", b"<title>", b"<a b='", b"<![CDATA["])
def test_a_megabyte_of_one_thing_ends(piece: bytes) -> None:
    read_page(piece * (1_000_000 // len(piece)), "text/html", URL)  # the test's time limit ends a quadratic parser


def test_a_header_is_read_as_far_as_its_bound() -> None:
    body = "<title>Grüße</title>".encode("cp1252")
    for spaces, title in ((300 - len("text/html;charset=latin1"), "Grüße"), (300, "Gr\ufffd\ufffde")):
        found = read_page(body, f"text/html;{' ' * spaces}charset=latin1", URL)
        assert found is not None and found.title == title
