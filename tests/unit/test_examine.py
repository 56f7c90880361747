"""The scanner checks the real type and the real size, and each refusal has its reason."""

import io

import pytest
from PIL import Image

from parley.domain.attachments.media_types import ALLOWED
from parley_media.examine import Clean, Limits, Rejected, examine

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "PNG")
    return out.getvalue()


def code(body: bytes, declared: str, allowed: frozenset[str] = ALLOWED, *, voice: bool = False) -> str:
    found = examine(body, name="a", declared=declared, allowed=allowed, voice=voice)
    assert isinstance(found, Rejected)
    return found.code


def test_a_clean_image_is_told_with_its_facts() -> None:
    found = examine(png(), name="a.png", declared="image/png", allowed=ALLOWED)

    assert isinstance(found, Clean)
    assert (found.type, found.kind, found.width, found.height) == ("image/png", "image", 40, 30)
    assert found.thumbnail and found.thumbnail_type == "image/jpeg"
    assert found.placeholder and len(found.placeholder) <= 40
    assert found.name_suffix is None


def test_an_empty_file_is_refused() -> None:
    assert code(b"", "text/plain") == "empty"


def test_one_byte_more_than_the_limit_is_refused() -> None:
    limits = Limits(max_bytes=10)

    assert isinstance(examine(b"a" * 10, name="a", declared="text/plain", allowed=ALLOWED, limits=limits), Clean)
    assert examine(b"a" * 11, name="a", declared="text/plain", allowed=ALLOWED, limits=limits) == Rejected(
        code="too_large"
    )


@pytest.mark.parametrize(
    "declared", ["image/svg+xml", "text/html", "application/xml", "text/xml", "application/zip", "", "nonsense"]
)
def test_a_type_that_is_not_on_the_list_is_refused(declared: str) -> None:
    assert code(b"<svg onload='alert(1)'/>", declared) == "not_allowed"


def test_a_deployment_may_allow_less() -> None:
    assert code(png(), "image/png", frozenset({"image/jpeg"})) == "not_allowed"


def test_what_is_not_for_voice_is_refused_as_voice() -> None:
    assert code(png(), "image/png", voice=True) == "not_allowed"


@pytest.mark.parametrize("declared", ["image/jpeg", "image/gif", "application/pdf", "audio/mpeg", "video/mp4"])
def test_a_lying_type_is_refused(declared: str) -> None:
    assert code(png(), declared) == "type_mismatch"


@pytest.mark.parametrize("before", [b"", b"some words "])
def test_the_test_file_of_virus_scanners_is_infected(before: bytes) -> None:
    assert code(before + EICAR, "text/plain") == "infected"
    assert code(png() + EICAR, "image/png") == "infected"


def test_text_is_kept_as_it_came() -> None:
    body = "Grüße, 世界 👋\r\n".encode()

    assert examine(body, name="a.txt", declared="text/plain; charset=utf-8", allowed=ALLOWED) == Clean(
        type="text/plain", kind="file", body=body
    )


def test_text_that_looks_like_html_is_text_that_is_downloaded() -> None:
    found = examine(b"<!doctype html><script>1</script>", name="a.html", declared="text/plain", allowed=ALLOWED)

    assert isinstance(found, Clean)
    assert (found.type, found.kind) == ("text/plain", "file")


@pytest.mark.parametrize("body", [b"caf\xe9", "a".encode("utf-16"), b"a" * 65_535 + b"\xe2\x82"])
def test_text_in_another_encoding_is_refused(body: bytes) -> None:
    assert code(body, "text/csv") == "not_utf8"


def test_a_character_on_the_border_of_two_chunks_is_one_character() -> None:
    body = b"a" * 65_535 + "€".encode()

    assert isinstance(examine(body, name="a", declared="text/plain", allowed=ALLOWED), Clean)


@pytest.mark.parametrize(
    "body",
    [
        *(b"a\0b", b"%PDF-1.7 ", b"GIF89a", b"PK\x03\x04", b"{\\rtf1"),
        *(b"\n%PDF-1.7", b"\xef\xbb\xbf%PDF-1.7", b"a" * 1_000 + b"%PDF-1.7"),  # PDF readers search 1,024 bytes
        *(b" {\\rtf1", b"{\\rt1", b"\xef\xbb\xbf{\\rtf1", b"a\n{\\rtf1"),
        *(b"%!PS", b"\xef\xbb\xbf%!PS", b"\x04%!PS-Adobe", b"a\r\n %!PS"),
    ],
)
def test_what_only_passes_for_text_is_refused(body: bytes) -> None:
    assert code(body, "text/plain") == "type_mismatch"


def test_a_result_is_the_same_each_time() -> None:
    first, second = (examine(png(), name="a.png", declared="image/png", allowed=ALLOWED) for _ in range(2))

    assert first == second


def test_a_machine_without_memory_is_no_damaged_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Image, "open", full)

    with pytest.raises(MemoryError):
        examine(png(), name="a.png", declared="image/png", allowed=ALLOWED)


@pytest.mark.parametrize("body", [b"a" * 1_024 + b"%PDF-1.7", b"see {\\rtf1} and %!PS", b"50%", b"{}"])
def test_text_that_only_mentions_another_type_is_text(body: bytes) -> None:
    assert isinstance(examine(body, name="a", declared="text/plain", allowed=ALLOWED), Clean)
