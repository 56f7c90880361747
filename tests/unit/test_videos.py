"""Video: size as shown, duration, and a frame as its picture."""

import io

import pytest
from PIL import Image

from parley.domain.attachments.media_types import ALLOWED
from parley_media.examine import Clean, Limits, Rejected, examine
from tests import media_files

TYPES = {"video/mp4": ("mp4", "libx264"), "video/quicktime": ("mov", "libx264"), "video/webm": ("webm", "libvpx")}


def examined(body: bytes, mime: str = "video/mp4", **limits: int) -> Clean | Rejected:
    return examine(body, name="a", declared=mime, allowed=ALLOWED, limits=Limits(**limits))


def code(body: bytes, mime: str = "video/mp4", **limits: int) -> str:
    found = examined(body, mime, **limits)
    assert isinstance(found, Rejected), found
    return found.code


def poster(found: Clean | Rejected) -> Image.Image:
    assert isinstance(found, Clean) and found.thumbnail
    return Image.open(io.BytesIO(found.thumbnail))


def is_red(image: Image.Image, place: tuple[int, int]) -> bool:
    pixel = image.getpixel(place)
    return isinstance(pixel, tuple) and pixel[0] > 150 and pixel[2] < 100


@pytest.mark.parametrize(("mime", "recorder"), TYPES.items())
def test_a_video_is_told_with_its_facts(mime: str, recorder: tuple[str, str]) -> None:
    body = media_files.video(*recorder, frames=30)
    found = examined(body, mime)

    assert isinstance(found, Clean)
    assert (found.type, found.kind, found.body) == (mime, "video", body)
    assert (found.width, found.height, found.waveform) == (64, 48, ())
    assert found.duration_ms is not None and abs(found.duration_ms - 1_000) <= 40
    assert found.placeholder
    assert is_red(poster(found), (4, 4))


def test_a_video_of_an_iphone_may_call_itself_mp4() -> None:
    found = examined(media_files.video("mov"), "video/mp4")

    assert isinstance(found, Clean) and found.type == "video/quicktime"


def test_a_video_is_turned_upright() -> None:
    found = examined(media_files.turned(media_files.video()))

    assert isinstance(found, Clean)
    assert (found.width, found.height) == poster(found).size == (48, 64)
    assert is_red(poster(found), (43, 4))  # turned clockwise


def test_the_poster_is_not_a_black_frame() -> None:
    assert is_red(poster(examined(media_files.video(black=20))), (4, 4))


def test_a_video_that_is_black_has_a_black_poster() -> None:
    pixel = poster(examined(media_files.video(frames=10, black=10))).getpixel((4, 4))

    assert isinstance(pixel, tuple) and max(pixel) < 20


def test_a_poster_has_at_most_320_pixels_a_side() -> None:
    found = examined(media_files.video(size=(640, 360), frames=2))

    assert poster(found).size == (320, 180)
    assert isinstance(found, Clean) and (found.width, found.height) == (640, 360)


def test_a_frame_may_have_as_many_pixels_as_the_limit() -> None:
    body = media_files.video()

    assert isinstance(examined(body, max_video_pixels=64 * 48), Clean)
    assert code(body, max_video_pixels=64 * 48 - 1) == "too_many_pixels"


def test_a_frame_that_is_larger_than_its_container_says_is_not_decoded() -> None:
    small, large = media_files.video(size=(64, 48), frames=2), media_files.video(size=(640, 480), frames=2)
    lying = large.replace(b"\x02\x80\x01\xe0", b"\x00\x40\x00\x30")

    assert large != lying and small != lying
    assert code(lying, max_video_pixels=64 * 48) in ("damaged", "too_many_pixels")


@pytest.mark.parametrize("mime", ["audio/mp4", "audio/webm"])
def test_audio_is_no_video(mime: str) -> None:
    assert code(media_files.recording(mime), mime.replace("audio", "video")) == "type_mismatch"


@pytest.mark.parametrize(("mime", "recorder"), TYPES.items())
@pytest.mark.parametrize("kept", [12, 60])
def test_a_video_that_ends_in_its_header_is_damaged(mime: str, recorder: tuple[str, str], kept: int) -> None:
    assert code(media_files.video(*recorder)[:kept], mime) in ("damaged", "type_mismatch")


def test_an_mp4_without_its_index_is_damaged() -> None:
    body = media_files.video()

    assert code(body[: body.index(b"moov")]) == "damaged"


@pytest.mark.parametrize("count", [b"\xff\xff\xff\xff", b"\x0f\xff\xff\xff"])
def test_a_table_that_no_memory_could_hold_is_damage_and_no_lack_of_memory(count: bytes) -> None:
    body = bytearray(media_files.video())
    place = body.index(b"stts") + 8
    body[place : place + 4] = count

    assert code(bytes(body)) == "damaged"
