"""Damaged bytes of every kind: `examine` answers, and raises nothing."""

import random
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.domain.attachments.media_types import ALLOWED
from parley_media.examine import Clean, Limits, Rejected, examine
from tests import media_files

FILES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "jpeg": ("image/jpeg", lambda: media_files.image("JPEG")),
    "png": ("image/png", lambda: media_files.image("PNG")),
    "gif": ("image/gif", lambda: media_files.animation("GIF")),
    "webp": ("image/webp", lambda: media_files.image("WEBP")),
    "webp_animation": ("image/webp", lambda: media_files.animation("WEBP")),
    "heic": ("image/heic", lambda: media_files.image("HEIF")),
    "pdf": ("application/pdf", lambda: media_files.saved(media_files.picture(), "PDF")),
    "docx": (media_files.WORD, lambda: media_files.office(part=b"some words " * 50)),
    "doc": ("application/msword", media_files.old_office),
    "mp4": ("video/mp4", lambda: media_files.video(frames=5)),
    "webm": ("video/webm", lambda: media_files.video("webm", "libvpx", frames=5)),
    **{mime: (mime, partial(media_files.recording, mime, seconds=0.2)) for mime in media_files.RECORDERS},
}
# Small enough that damage which enlarges a file costs no time.
LIMITS = Limits(max_pixels=1_000_000, max_animated_pixels=1_000_000, max_video_pixels=1_000_000, audio_max_ms=60_000)
EXAMPLES = 60


def damaged(body: bytes, chance: random.Random) -> bytes:
    """Returns the file with a few bytes changed, a part cut out or doubled, or its end gone."""
    changed = bytearray(body)
    for _ in range(chance.choice([1, 1, 3, 20])):
        start = chance.randrange(len(changed))
        length = chance.randrange(1, max(2, len(changed) // 8))
        match chance.randrange(6):
            case 0 | 1:
                changed[start] ^= 1 << chance.randrange(8)
            case 2:
                changed[start] = chance.choice([0, 0x7F, 0x80, 0xFF])
            case 3:
                del changed[start : start + length]
            case 4:
                changed[start:start] = changed[start : start + length]
            case _:
                changed[start : start + 4] = chance.choice([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff"])
        if not changed:
            return b"\0"
    return bytes(changed)


def check(found: Clean | Rejected) -> None:
    if isinstance(found, Rejected):
        return
    assert found.type in ALLOWED and found.body
    assert found.placeholder is None or len(found.placeholder) <= 40
    assert found.waveform == () or (len(found.waveform) == 64 and set(found.waveform) <= set(range(101)))
    assert all(number is None or number > 0 for number in (found.width, found.height, found.duration_ms, found.pages))


@pytest.mark.parametrize("name", FILES)
def test_the_file_itself_is_clean(name: str) -> None:
    declared, make = FILES[name]

    assert isinstance(examine(make(), name="a", declared=declared, allowed=ALLOWED, limits=LIMITS), Clean)


@pytest.mark.parametrize("name", FILES)
def test_damage_is_answered(name: str) -> None:
    declared, make = FILES[name]
    body, chance = make(), random.Random(name)
    codes = set()

    for _ in range(EXAMPLES):
        found = examine(damaged(body, chance), name="a", declared=declared, allowed=ALLOWED, limits=LIMITS)
        check(found)
        codes.add(found.code if isinstance(found, Rejected) else "clean")

    assert "damaged" in codes or "type_mismatch" in codes


@pytest.mark.parametrize("name", FILES)
def test_every_beginning_of_a_file_is_answered(name: str) -> None:
    declared, make = FILES[name]
    body = make()
    lengths = sorted({*range(1, 64, 3), *(len(body) * part // 24 for part in range(1, 24))})

    for length in lengths:
        check(examine(body[:length], name="a", declared=declared, allowed=ALLOWED, limits=LIMITS))


@settings(max_examples=200)
@given(body=st.binary(max_size=300), name=st.sampled_from(sorted(FILES)), magic=st.booleans())
def test_any_bytes_are_answered(body: bytes, name: str, magic: bool) -> None:
    declared, make = FILES[name]
    begun = (make()[:16] if magic else b"") + body

    check(examine(begun, name="a", declared=declared, allowed=ALLOWED, limits=LIMITS))
