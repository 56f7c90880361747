"""The places of pages' pictures, and the types that their first bytes show."""

import pytest

from parley.domain.attachments.thumbnails import thumbnail_size
from parley.domain.previews.pictures import Place, place_of, type_of

CONVERSATION = "d_rcacaty2c4itxxpmvchtux4jlq"


def test_a_key_tells_the_message_the_link_and_its_time() -> None:
    place = Place.of(CONVERSATION, 7, 1_795_246_260_123, "https://example.com/ü?a=b/c")

    assert place_of(place.key) == place
    assert place.key == f"previews/{CONVERSATION}.7/{place.id}"


def test_another_link_or_the_same_at_another_time_is_another_picture() -> None:
    found = {Place.of(CONVERSATION, 7, at_ms, url).id for at_ms in (1, 2) for url in ("https://a/", "https://b/")}

    assert len(found) == 4


@pytest.mark.parametrize(
    "key",
    [
        "",
        "previews/",
        "previews/x",
        f"previews/{CONVERSATION}/1-a",
        f"previews/{CONVERSATION}.0/1-a",
        f"previews/{CONVERSATION}.7/a-1",
        f"previews/{CONVERSATION}.7/1-",
        f"previews/{CONVERSATION}.7/1-a/b",
        f"files/{CONVERSATION}.7/1-a",
        "a_" + "a" * 26,
    ],
)
def test_other_keys_are_no_pictures_place(key: str) -> None:
    assert place_of(key) is None


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", None),
        (b"<svg>", None),
        (b"", None),
    ],
)
def test_the_first_bytes_tell_the_type(body: bytes, kind: str | None) -> None:
    assert type_of(body) == kind


@pytest.mark.parametrize(
    ("size", "small"),
    [
        ((800, 400), (320, 160)),
        ((100, 20), (100, 20)),
        ((320, 320), (320, 320)),
        ((30_000, 10), (320, 1)),
        ((333, 1_000), (107, 320)),
    ],
)
def test_a_thumbnail_keeps_the_shape(size: tuple[int, int], small: tuple[int, int]) -> None:
    assert thumbnail_size(*size) == small
