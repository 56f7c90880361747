"""Names of files: what may mislead, harm or break a header is gone; the rest stays as it was."""

import re
import unicodedata
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley.domain.attachments.file_names import (
    MAX_NAME_BYTES,
    content_disposition,
    openable_name,
    safe_name,
    with_extension,
)

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

SAFE = {
    "plain": ("report.pdf", "report.pdf"),
    "unicode": ("Übersicht – 報告.pdf", "Übersicht – 報告.pdf"),
    "emoji_of_several": ("👩\u200d👩\u200d👧.jpg", "👩\u200d👩\u200d👧.jpg"),
    "composed": ("cafe\u0301.txt", "caf\u00e9.txt"),
    "path": ("../../etc/passwd", "passwd"),
    "windows_path": ("C:\\Users\\eve\\a.doc", "a.doc"),
    "mixed_path": ("a/b\\c.txt", "c.txt"),
    "slash_at_the_end": ("a/b/", "b"),
    "parent": ("..", "file"),
    "parent_at_the_end": ("a.txt/..", "a.txt"),
    "empty": ("", "file"),
    "spaces": ("   ", "file"),
    "only_marks": ("\u202e\u200b", "file"),
    "only_fillers": ("\u3164\u115f\u2800\ufe0f", "file"),
    "fillers_and_a_joiner": ("\u3164\u200d.\u2800", "file"),
    "fillers_before_an_extension": ("\u3164\u2800.pdf", "file.pdf"),
    "fillers_that_fill_the_name": ("\u3164" * 300 + "a.pdf", "file.pdf"),
    "filler_in_a_name": ("❤\ufe0f.png", "❤\ufe0f.png"),
    "space_on_both_sides_of_a_mark": ("a \u200b b.txt", "a b.txt"),
    "right_to_left_override": ("photo\u202egpj.exe", "photogpj.exe"),
    "isolates": ("a\u2066b\u2069.txt", "ab.txt"),
    "byte_order_mark": ("\ufeffa.txt", "a.txt"),
    "zero_width_space": ("a\u200b.txt", "a.txt"),
    "nul": ("a\0.txt", "a.txt"),
    "line_break": ("a\r\nSet-Cookie: x.txt", "a Set-Cookie_ x.txt"),
    "line_separator": ("a\u2028b.txt", "a b.txt"),
    "lone_surrogate": ("a\ud800.txt", "a.txt"),
    "slash_after_a_mark": ("a/\u202e/b.txt", "b.txt"),
    "hidden": (".htaccess", "htaccess"),
    "dots_at_the_end": ("a.exe. . .", "a.exe"),
    "joiner_at_the_end": ("a.txt\u200d", "a.txt"),
    "windows_characters": ('a<b>c:"d|e?f*.txt', "a_b_c__d_e_f_.txt"),
    "device": ("nul", "_nul"),
    "device_with_extension": ("CON.txt", "_CON.txt"),
    "device_with_two": ("aux.tar.gz", "_aux.tar.gz"),
    "device_with_a_space": ("com1 .txt", "_com1 .txt"),
    "superscript_device": ("LPT².txt", "_LPT².txt"),
    "no_device": ("console.txt", "console.txt"),
    "space_and_no_break_space": ("a \u00a0 b.txt", "a b.txt"),
}


@pytest.mark.parametrize(("given_name", "safe"), SAFE.values(), ids=SAFE.keys())
def test_a_name_is_made_safe(given_name: str, safe: str) -> None:
    assert safe_name(given_name) == safe


@pytest.mark.parametrize("letter", ["a", "é", "報", "👍"])
def test_a_long_name_keeps_its_extension(letter: str) -> None:
    safe = safe_name(letter * 300 + ".docx")

    assert MAX_NAME_BYTES - 5 <= len(safe.encode()) <= MAX_NAME_BYTES
    assert safe.endswith(letter + ".docx")


def test_what_follows_the_last_dot_of_a_long_name_need_not_be_an_extension() -> None:
    assert len(safe_name("a." + "b" * 300)) == MAX_NAME_BYTES - 1


def test_a_photo_gets_the_extension_of_what_it_became() -> None:
    assert with_extension("IMG_1.HEIC", ".jpg") == "IMG_1.jpg"
    assert with_extension("nul.heic", ".jpg") == "_nul.jpg"
    assert with_extension("no extension", ".jpg") == "no extension.jpg"
    assert with_extension("é" * 300, ".jpg").endswith("é.jpg")


@patient
@given(
    st.text(max_size=600)
    | st.text(alphabet="/\\. \u202e\u200b\u200d\u0301\u3164\ufe0fnulCON1.a:é", max_size=40)
    | st.tuples(
        st.sampled_from(["con", "con.", "_", "\u3164"]), st.integers(240, 270), st.sampled_from(["", ".txt"])
    ).map(lambda parts: parts[0] + "a" * parts[1] + parts[2])
)
def test_any_name_is_safe(name: str) -> None:
    safe = safe_name(name)

    assert safe == safe_name(safe)
    assert 1 <= len(safe.encode()) <= MAX_NAME_BYTES
    assert safe == unicodedata.normalize("NFC", safe)
    assert not re.search(r'[/\\<>:"|?*\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]', safe)
    assert not safe.startswith((".", " ")) and not safe.endswith((".", " "))


HEADERS = {
    "plain": ("report.pdf", "attachment; filename=\"report.pdf\"; filename*=UTF-8''report.pdf"),
    "unicode": ("Naïve €.pdf", "attachment; filename=\"Naive _.pdf\"; filename*=UTF-8''Na%C3%AFve%20%E2%82%AC.pdf"),
    "percent": ("50%.pdf", "attachment; filename=\"50_.pdf\"; filename*=UTF-8''50%25.pdf"),
    "semicolon": ("a; b=c.pdf", "attachment; filename=\"a_ b=c.pdf\"; filename*=UTF-8''a%3B%20b%3Dc.pdf"),
    "quote": ('a".pdf', "attachment; filename=\"a_.pdf\"; filename*=UTF-8''a_.pdf"),
}


@pytest.mark.parametrize(("name", "header"), HEADERS.values(), ids=HEADERS.keys())
def test_a_download_has_the_name_in_both_forms(name: str, header: str) -> None:
    assert content_disposition(name, inline=False) == header


def test_an_image_may_be_shown_inline() -> None:
    assert content_disposition("a.png", inline=True).startswith('inline; filename="a.png"; ')


@patient
@given(st.text(max_size=300) | st.text(alphabet="\"\\;\r\n%'*= é", max_size=40))
def test_no_name_breaks_out_of_the_header(name: str) -> None:
    header = content_disposition(name, inline=False)
    found = re.fullmatch(
        r"attachment; filename=\"([^\"\\\x00-\x1f\x7f-\uffff%;]+)\"; "
        r"filename\*=UTF-8''((?:[\w!#$&+.^`|~-]|%[0-9A-F]{2})+)",
        header,
        re.ASCII,
    )

    assert found
    assert unquote(found[2]) == safe_name(name)


@pytest.mark.parametrize(
    ("name", "extension", "openable"),
    [
        ("run.bat", ".txt", "run.bat.txt"),
        ("EVIL.EXE", ".png", "EVIL.EXE.png"),
        ("page.html", ".txt", "page.html.txt"),
        ("x.svg", ".png", "x.svg.png"),
        ("notes.md", ".txt", "notes.md"),
        ("photo", ".jpg", "photo.jpg"),
        ("photo.png", ".jpg", "photo.jpg"),
        ("photo.JPEG", ".jpg", "photo.JPEG"),
        ("photo.pdf", ".jpg", "photo.pdf"),
        ("photo.jpg", ".pdf", "photo.jpg"),
        ("voice", ".webm", "voice.webm"),
        ("Plan v1. final", ".pdf", "Plan v1. final.pdf"),
        ("report 3.5", ".pdf", "report 3.5"),
        (".bat", ".txt", "bat.txt"),
        ("a" * 300 + ".exe", ".txt", "a" * 250 + ".txt"),
    ],
)
def test_name_opens_as_its_type_and_no_double_click_runs_it(name: str, extension: str, openable: str) -> None:
    assert openable_name(name, extension) == openable


@pytest.mark.parametrize(
    "extension",
    [
        "xht",  # browsers open it as XHTML, with its scripts
        "terminal",  # macOS runs its command
        "inetloc",  # macOS opens its address, file: too
        "webloc",
        "settingcontent-ms",  # Windows runs its DeepLink
        "appref-ms",  # ClickOnce
        "application",
        "jnlp",  # Java Web Start
        "website",  # as .url
        "iqy",  # Excel fetches its address
        "mobileconfig",
        "pyzw",
        *("rdp", "slk", "oqy", "dqy", "rqy", "vsto", "appinstaller", "library-ms", "search-ms", "wsb", "theme"),
        *("tool", "fileloc", "apk", "docm", "xlsm", "pptm", "xll", "iso", "xhtm", "svgz"),
    ],
)
def test_no_double_click_follows_what_a_text_says(extension: str) -> None:
    assert openable_name(f"invoice.{extension}", ".txt") == f"invoice.{extension}.txt"


@pytest.mark.parametrize(
    "name",
    [
        "a.ｅｘｅ",
        "a.jſ",  # the long s
        "run.bat\u0301",  # the ASCII form of the header loses the accent
        "a.exe\u2800",
        "a.h\u034ftml",
        "a.bat\ufe0f",
        "x.a\uff0eexe",  # a full stop of full width
        "x.exe\u2026",
    ],
)
def test_an_extension_that_reads_as_one_that_runs_is_hidden_too(name: str) -> None:
    openable = openable_name(name, ".txt")

    assert openable.endswith(".txt") and openable == openable_name(openable, ".txt")
    assert '.txt"; ' in content_disposition(openable, inline=False)
