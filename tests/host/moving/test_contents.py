"""The names, types and places of files that an old system kept, or did not."""

import os
from pathlib import Path
from typing import Any

import pytest

from parley_host.moving import contents, media_types
from tests.e2e.stack import ROOT


@pytest.mark.parametrize(
    ("about", "said", "name"),
    [
        ({"url": "https://img.example/a/b.png?c=d.e#f"}, "", "b.png"),
        ({"url": "https://img.example/Stundenpl%C3%A4ne%20neu.pdf"}, "", "Stundenpläne neu.pdf"),
        ({"url": "https://img.example/a%2Fb%5Cc.png"}, "", "c.png"),
        ({"url": "https://img.example/%00%0Aa.png"}, "", "a.png"),
        ({"url": "https://img.example"}, "", "file"),
        ({"url": "https://img.example/%FF.png"}, "", "\ufffd.png"),
        ({"url": "https://img.example/download"}, "plan.pdf", "plan.pdf"),
        ({"url": "https://img.example/download"}, "../../etc/plan.pdf", "plan.pdf"),
        ({"url": "https://img.example/download", "name": "mine.pdf"}, "plan.pdf", "mine.pdf"),
        ({"path": "2024\\03\\a.png"}, "", "a.png"),
        ({"path": "a/%20.png"}, "", "%20.png"),
        ({"path": "x" * 300 + ".png"}, "", "x" * 251 + ".png"),
    ],
)
def test_a_file_has_a_name(about: dict[str, Any], said: str, name: str) -> None:
    assert contents.file_name(about, said) == name


@pytest.mark.parametrize(
    ("head", "about", "name", "said", "found"),
    [
        (b"\x89PNG\r\n\x1a\n", {"type": "image/jpeg"}, "a.jpg", "text/html", "image/png"),
        (b"\xff\xd8\xff\xe0", {}, "download", "", "image/jpeg"),
        (b"RIFF\0\0\0\0WEBPVP8 ", {}, "a", "", "image/webp"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", {}, "a", "", "image/heic"),
        (b"\0\0\0\x18ftypM4A \0\0\0\0", {}, "a", "", "audio/mp4"),
        (b"\0\0\0\x18ftypisom\0\0\0\0", {}, "a.m4a", "", "audio/mp4"),
        (b"\0\0\0\x18ftypisom\0\0\0\0", {}, "a", "", "video/mp4"),
        (b"\x1a\x45\xdf\xa3", {"type": "audio/webm;codecs=opus"}, "a", "", "audio/webm;codecs=opus"),
        (b"\x1a\x45\xdf\xa3", {}, "a", "", "video/webm"),
        (b"PK\x03\x04", {"type": "application/octet-stream"}, "a.odt", "", "application/vnd.oasis.opendocument.text"),
        (b"Dear", {}, "a.txt", "application/octet-stream", "text/plain"),
        (b"Dear", {}, "letter", "text/plain", "text/plain"),
        (b"MZ\x90\0", {}, "a.exe", "", "application/x-msdos-program"),
        (b"????", {}, "a", "", "application/octet-stream"),
    ],
)
def test_the_bytes_tell_the_type_and_the_source_the_rest(
    head: bytes, about: dict[str, Any], name: str, said: str, found: str
) -> None:
    told = contents.type_of(head, about, name, said)

    if found.startswith("audio/webm"):
        assert told.startswith("audio/webm")
    elif name == "a.exe":
        assert told not in media_types.ALLOWED  # the word for it is the system's own
    else:
        assert told == found


def test_a_voice_message_has_sound() -> None:
    for head, name, found in ((b"\x1a\x45\xdf\xa3", "a.webm", "webm"), (b"\0\0\0\x18ftypisom", "a.mp4", "mp4")):
        assert contents.type_of(head, {}, name, "") == f"video/{found}"
        assert contents.type_of(head, {}, name, "", is_voice=True) == f"audio/{found}"


def test_a_name_gets_the_extension_of_its_type() -> None:
    assert contents.with_extension("a1b2c3", "image/png") == "a1b2c3.png"
    assert contents.with_extension("a.bin", "image/png") == "a.bin"
    assert contents.with_extension("a", "text/html") == "a"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of files with links that leave it, one that stays, a circle, and a pipe."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key.txt").write_bytes(b"secret")
    made = tmp_path / "files"
    (made / "sub").mkdir(parents=True)
    (made / "a.png").write_bytes(b"x")
    (made / "out.txt").symlink_to(tmp_path / "secret" / "key.txt")
    (made / "away").symlink_to(tmp_path / "secret")
    (made / "in.png").symlink_to(made / "a.png")
    (made / "circle").symlink_to(made / "circle")
    os.mkfifo(made / "pipe")
    return made


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("out.txt", "outside"),
        ("away/key.txt", "outside"),
        ("../secret/key.txt", "outside"),
        ("..\\secret\\key.txt", "outside"),
        ("/etc/passwd", "outside"),
        ("pipe", "missing"),
        ("circle", "missing"),
        ("sub", "missing"),
        ("", "missing"),
        ("none.png", "missing"),
        ("a\0.png", "missing"),
        ("x" * 5000, "missing"),
    ],
)
def test_nothing_outside_of_the_folder_is_read(folder: Path, path: str, code: str) -> None:
    with pytest.raises(contents.Missing) as caught:
        contents.located(folder, path)
    assert caught.value.code == code


@pytest.mark.parametrize("path", ["a.png", "in.png", "sub/../a.png", "sub\\..\\a.png"])
def test_a_file_of_the_folder_is_found(folder: Path, path: str) -> None:
    assert contents.located(folder, path) == (folder / "a.png").resolve()


def test_a_folder_that_is_a_link_itself_is_one(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)

    assert contents.located(tmp_path / "link", "a.png") == (folder / "a.png").resolve()


def test_the_largest_file_is_that_of_the_template() -> None:
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")
    _, _, parameter = template.partition("  MaxAttachmentBytes:\n")

    assert f"MaxValue: {contents.MAX_BYTES}" in parameter[:200]
    contents.check_size(contents.MAX_BYTES)
    with pytest.raises(contents.Missing):
        contents.check_size(contents.MAX_BYTES + 1)
    with pytest.raises(contents.Missing):
        contents.check_size(0)
