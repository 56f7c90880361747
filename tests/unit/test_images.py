"""Images: only pixels are kept, upright and in sRGB; too large ones are refused before they are decoded."""

import io
import random
import struct
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageCms, ImageSequence

from parley.domain.attachments.media_types import ALLOWED
from parley_media.copies import Copy
from parley_media.examine import Clean, Limits, Rejected, examine
from parley_media.results import RefusedFile
from tests import media_files

STILLS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
}
RED, BLUE, GREEN = (255, 0, 0), (0, 0, 255), (0, 255, 0)


def clean(body: bytes, mime: str, name: str = "a", **limits: int) -> Clean:
    found = examine(body, name=name, declared=mime, allowed=ALLOWED, limits=Limits(**limits))
    assert isinstance(found, Clean), found
    return found


def code(body: bytes, mime: str, **limits: int) -> str:
    found = examine(body, name="a", declared=mime, allowed=ALLOWED, limits=Limits(**limits))
    assert isinstance(found, Rejected)
    return found.code


def opened(body: bytes | None) -> Any:
    assert body is not None
    return Image.open(io.BytesIO(body))


def exchanged_profile() -> bytes:
    """Returns a profile with red and green exchanged, so its red is what everybody else calls green."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return srgb.replace(b"rXYZ", b"xXYZ").replace(b"gXYZ", b"rXYZ").replace(b"xXYZ", b"gXYZ")


def is_near(image: Any, place: tuple[int, int], colour: tuple[int, int, int], tolerance: int = 40) -> bool:
    pixel = image.convert("RGB").getpixel(place)
    return all(abs(one - other) <= tolerance for one, other in zip(pixel, colour, strict=True))


@pytest.mark.parametrize(("mime", "format_name"), STILLS.items())
def test_an_image_keeps_its_type_and_its_pixels(mime: str, format_name: str) -> None:
    found = clean(media_files.image(format_name), mime)
    image = opened(found.body)

    assert (found.type, image.format, image.size) == (mime, format_name, (64, 48))
    assert is_near(image, (4, 4), RED) and is_near(image, (60, 44), BLUE)


@pytest.mark.parametrize("declared", ["image/heic", "image/heif"])
def test_a_photo_of_a_phone_becomes_a_jpeg(declared: str) -> None:
    found = clean(media_files.image("HEIF"), declared, name="IMG_1.HEIC")
    image = opened(found.body)

    assert (found.type, found.name_suffix, image.format) == ("image/jpeg", ".jpg", "JPEG")
    assert is_near(image, (4, 4), RED) and is_near(image, (60, 44), BLUE)


@pytest.mark.parametrize("name", ["IMG_1.jpg", "IMG_1.JPEG"])
def test_a_photo_that_is_already_called_a_jpeg_keeps_its_name(name: str) -> None:
    assert clean(media_files.image("HEIF"), "image/heic", name=name).name_suffix is None


@pytest.mark.parametrize(("mime", "format_name"), STILLS.items())
def test_what_follows_the_image_is_gone(mime: str, format_name: str) -> None:
    trailing = b"<script>alert(1)</script>PK\x03\x04"

    assert b"script" not in clean(media_files.image(format_name) + trailing, mime).body


@pytest.mark.parametrize(
    ("mime", "format_name"), [("image/jpeg", "JPEG"), ("image/png", "PNG"), ("image/webp", "WEBP")]
)
def test_exif_and_location_are_gone(mime: str, format_name: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "SECRET" * 10_000  # 60 KB of description
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (48.0, 51.0, 30.0)
    body = media_files.image(format_name, exif=exif)
    found = clean(body, mime)

    assert b"SECRET" in body and len(body) > 60_000
    assert b"SECRET" not in found.body and len(found.body) < 5_000
    assert dict(opened(found.body).getexif()) == {}


def test_comments_and_texts_are_gone() -> None:
    from PIL.PngImagePlugin import PngInfo

    texts = PngInfo()
    texts.add_text("Author", "SECRET", zip=False)

    assert b"SECRET" not in clean(media_files.image("PNG", pnginfo=texts), "image/png").body
    assert b"SECRET" not in clean(media_files.image("JPEG", comment=b"SECRET"), "image/jpeg").body
    assert b"SECRET" not in clean(media_files.image("GIF", comment=b"SECRET"), "image/gif").body
    assert b"SECRET" not in clean(media_files.animation("GIF", comment=b"SECRET"), "image/gif").body
    assert b"SECRET" not in clean(media_files.image("WEBP", xmp=b"SECRET"), "image/webp").body
    assert b"SECRET" not in clean(media_files.animation("WEBP", xmp=b"SECRET"), "image/webp").body


@pytest.mark.parametrize(
    ("orientation", "size", "red"),
    [(1, (64, 48), (4, 4)), (3, (64, 48), (60, 44)), (6, (48, 64), (44, 4)), (8, (48, 64), (4, 60))],
)
def test_an_image_is_turned_upright(orientation: int, size: tuple[int, int], red: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = clean(media_files.image("JPEG", exif=exif), "image/jpeg")

    assert (found.width, found.height) == size == opened(found.body).size == opened(found.thumbnail).size
    assert is_near(opened(found.body), red, RED)
    assert is_near(opened(found.thumbnail), red, RED)


def test_an_animated_webp_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    body = media_files.animation("WEBP", frames=5, size=(64, 48), exif=exif.tobytes())

    found = clean(body, "image/webp")

    copy = opened(found.body)
    assert (found.width, found.height) == (48, 64) == copy.size == opened(found.thumbnail).size
    shown = []
    for number in range(getattr(copy, "n_frames", 1)):
        copy.seek(number)
        copy.load()
        shown.append((copy.info["duration"], is_near(copy, (40, 3 + number), RED)))
    assert shown == [(50, True)] * 5
    assert not copy.getexif()


@pytest.mark.parametrize(
    ("mime", "format_name"), [("image/jpeg", "JPEG"), ("image/png", "PNG"), ("image/webp", "WEBP")]
)
def test_colours_of_a_profile_become_those_of_srgb(mime: str, format_name: str) -> None:
    found = clean(media_files.image(format_name, icc_profile=exchanged_profile()), mime)

    assert is_near(opened(found.body), (4, 4), GREEN)
    assert is_near(opened(found.thumbnail), (4, 4), GREEN)
    assert "icc_profile" not in opened(found.body).info


def test_colours_of_an_animation_become_those_of_srgb() -> None:
    body = media_files.animation("WEBP", frames=3, size=(32, 24), icc_profile=exchanged_profile(), lossless=True)
    found = clean(body, "image/webp")

    assert len(frames_of(found.body)) == 3
    assert all(is_near(frame, (4, 7), GREEN, 60) for frame in frames_of(found.body))
    assert "icc_profile" not in opened(found.body).info


def test_a_damaged_profile_is_ignored() -> None:
    found = clean(media_files.image("PNG", icc_profile=b"nonsense"), "image/png")

    assert is_near(opened(found.body), (4, 4), RED)
    assert b"nonsense" not in found.body


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_a_png_of_any_mode_is_rewritten(mode: str) -> None:
    image = Image.new(mode, (400, 300)) if mode == "I;16" else media_files.picture(400, 300).convert(mode)
    found = clean(media_files.saved(image, "PNG"), "image/png")

    assert opened(found.body).mode == mode
    assert opened(found.thumbnail).size == (320, 240)


def test_a_jpeg_for_print_becomes_one_for_screens() -> None:
    found = clean(media_files.saved(media_files.picture().convert("CMYK"), "JPEG"), "image/jpeg")

    assert opened(found.body).mode == "RGB"
    assert is_near(opened(found.body), (4, 4), RED)


@pytest.mark.parametrize("quality", [30, 75, 98])
def test_a_jpeg_keeps_its_quality(quality: int) -> None:
    body = media_files.saved(Image.effect_noise((200, 200), 60).convert("RGB"), "JPEG", quality=quality)

    assert 0.8 < len(clean(body, "image/jpeg").body) / len(body) < 1.25


def test_a_lossless_webp_stays_lossless() -> None:
    image = media_files.picture()

    assert (
        opened(clean(media_files.saved(image, "WEBP", lossless=True), "image/webp").body).tobytes() == image.tobytes()
    )


def test_transparency_stays_in_image_and_thumbnail() -> None:
    image = Image.new("RGBA", (640, 480), (255, 0, 0, 0))
    found = clean(media_files.saved(image, "PNG"), "image/png")

    assert found.thumbnail_type == "image/webp"
    assert opened(found.thumbnail).convert("RGBA").getpixel((5, 5))[3] == 0
    assert opened(found.body).getpixel((5, 5)) == (255, 0, 0, 0)


@pytest.mark.parametrize("size", [(1, 1), (320, 320), (321, 10), (1, 3000), (3000, 1), (1000, 700)])
def test_a_thumbnail_has_at_most_320_pixels_a_side(size: tuple[int, int]) -> None:
    found = clean(media_files.saved(Image.new("RGB", size, "red"), "PNG"), "image/png")
    small = opened(found.thumbnail)

    assert max(small.size) == min(320, max(size))
    assert (found.width, found.height) == size
    assert found.placeholder and len(found.placeholder) <= 40


# --- copies that would be larger than an attachment may be (D-513) ---------------------------------------------------


def noise(mode: str = "RGB", side: int = 200) -> Image.Image:
    return Image.frombytes(mode, (side, side), random.Random(1).randbytes(side * side * len(mode)))


def test_a_palette_with_a_profile_stays_a_palette() -> None:
    """As true colour it took three to four times the bytes, and 0.5 MB of a pattern became 180 MB."""
    image = media_files.picture().quantize(16)
    found = clean(media_files.saved(image, "PNG", icc_profile=exchanged_profile()), "image/png")

    assert opened(found.body).mode == "P"
    assert is_near(opened(found.body), (4, 4), GREEN)
    assert is_near(opened(found.thumbnail), (4, 4), GREEN)


@pytest.mark.parametrize(
    ("mime", "format_name", "options"),
    [("image/png", "PNG", {}), ("image/webp", "WEBP", {"lossless": True}), ("image/gif", "GIF", {})],
)
def test_a_still_that_grows_becomes_a_jpeg(mime: str, format_name: str, options: dict[str, bool]) -> None:
    found = clean(media_files.saved(noise(), format_name, **options), mime, name="a.png", max_copy_bytes=38_000)

    assert (found.type, found.name_suffix, opened(found.body).format) == ("image/jpeg", ".jpg", "JPEG")
    assert len(found.body) <= 38_000 and opened(found.body).size == (200, 200) == (found.width, found.height)


def test_a_transparent_still_that_grows_becomes_a_webp() -> None:
    found = clean(media_files.saved(noise("RGBA"), "PNG"), "image/png", name="a.png", max_copy_bytes=100_000)
    image = opened(found.body)

    assert (found.type, found.name_suffix, image.format, image.mode) == ("image/webp", ".webp", "WEBP", "RGBA")
    assert len(found.body) <= 100_000


def test_a_still_with_opaque_alpha_becomes_a_jpeg_too() -> None:
    image = noise()
    image.putalpha(255)

    assert clean(media_files.saved(image, "PNG"), "image/png", max_copy_bytes=38_000).type == "image/jpeg"


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_still_that_is_too_large_in_every_form_is_refused(mode: str) -> None:
    assert code(media_files.saved(noise(mode), "PNG"), "image/png", max_copy_bytes=10_000) == "too_large"


def test_a_webp_encoder_gets_no_larger_image_than_it_has_memory_for() -> None:
    body = media_files.saved(noise("RGBA"), "PNG")

    assert code(body, "image/png", max_copy_bytes=100_000, max_webp_pixels=200 * 200 - 1) == "too_large"


def test_a_photo_that_is_large_as_a_jpeg_loses_some_quality() -> None:
    body = media_files.saved(noise(), "HEIF")
    usual = clean(body, "image/heic").body
    found = clean(body, "image/heic", max_copy_bytes=len(usual) - 1)

    assert found.type == "image/jpeg" and len(found.body) < len(usual)


def test_an_encoder_is_stopped_when_it_has_written_too_much() -> None:
    out = Copy(10_000)
    with pytest.raises(RefusedFile):
        noise(side=1_000).save(out, "PNG")

    assert out.tell() < 200_000  # a piece more than the limit, and not 3 MB


# --- too large, or damaged -------------------------------------------------------------------------------------------


def test_a_png_of_one_kilobyte_and_four_billion_pixels_is_refused() -> None:
    assert len(media_files.png_bomb()) < 1_000
    assert code(media_files.png_bomb(), "image/png") == "too_many_pixels"


def test_an_image_may_have_as_many_pixels_as_the_limit() -> None:
    body = media_files.image("PNG")

    assert clean(body, "image/png", max_pixels=64 * 48)
    assert code(body, "image/png", max_pixels=64 * 48 - 1) == "too_many_pixels"
    assert code(body, "image/png", max_side=63) == "too_many_pixels"


def test_no_image_that_is_too_large_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def decoded(*_: object) -> None:
        raise AssertionError("decoded")

    bodies = {mime: media_files.image(name) for mime, name in (*STILLS.items(), ("image/heic", "HEIF"))}
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", decoded)
    monkeypatch.setattr("PIL.WebPImagePlugin.WebPImageFile._open", decoded)

    for mime, body in bodies.items():
        assert code(body, mime, max_pixels=100) == "too_many_pixels"


def test_a_webp_has_a_limit_of_its_own() -> None:
    body = media_files.image("WEBP")

    assert clean(body, "image/webp", max_webp_pixels=64 * 48)
    assert code(body, "image/webp", max_webp_pixels=64 * 48 - 1) == "too_many_pixels"
    assert clean(media_files.image("PNG"), "image/png", max_webp_pixels=1)


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("exif", [b"", b"Exif\0\0"], ids=["bare", "extended"])
def test_the_size_of_a_webp_is_read_from_each_form_of_header(lossless: bool, exif: bytes) -> None:
    body = media_files.image("WEBP", lossless=lossless, exif=exif)

    assert clean(body, "image/webp", max_pixels=64 * 48)
    assert code(body, "image/webp", max_pixels=64 * 48 - 1) == "too_many_pixels"


def test_a_frame_cannot_enlarge_a_gif_over_the_limit() -> None:
    small = media_files.gif_of(2)
    second = small.rindex(b",")
    body = small[: second + 1] + struct.pack("<HHHH", 0, 0, 60_000, 60_000) + small[second + 9 :]

    assert code(body, "image/gif") == "too_many_pixels"


@pytest.mark.parametrize(("mime", "format_name"), [*STILLS.items(), ("image/heic", "HEIF")])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_truncated_image_is_damaged(mime: str, format_name: str, share: float) -> None:
    body = media_files.saved(Image.effect_noise((120, 90), 60).convert("RGB"), format_name)

    assert code(body[: int(len(body) * share)], mime) == "damaged"


@pytest.mark.parametrize(("side", "frames"), [(400, 2), (250, 5)])
def test_a_large_frame_after_a_small_one_counts_for_all(side: int, frames: int) -> None:
    body = media_files.gif_with_large_frame(side, frames)

    assert code(body, "image/gif", max_animated_pixels=300_000) == "too_many_pixels"


# --- animations ------------------------------------------------------------------------------------------------------


def frames_of(body: bytes) -> list[Any]:
    return [frame.convert("RGBA") for frame in ImageSequence.Iterator(opened(body))]


@pytest.mark.parametrize(("mime", "format_name"), [("image/gif", "GIF"), ("image/webp", "WEBP")])
def test_an_animation_stays_one(mime: str, format_name: str) -> None:
    body = media_files.animation(format_name, frames=5, lossless=True)
    found = clean(body, mime)
    image = opened(found.body)

    assert (image.n_frames, image.info["loop"], image.size) == (5, 0, (32, 24))
    for before, after in zip(frames_of(body), frames_of(found.body), strict=True):
        assert all(is_near(after, place, before.getpixel(place)[:3], 60) for place in [(2, 6), (8, 6), (20, 20)])
    durations = [frame.info["duration"] for frame in ImageSequence.Iterator(image) if frame.load() or True]
    assert durations == [50] * 5


@pytest.mark.parametrize(("mime", "format_name"), [("image/gif", "GIF"), ("image/webp", "WEBP")])
def test_the_thumbnail_of_an_animation_is_its_first_frame(mime: str, format_name: str) -> None:
    small = opened(clean(media_files.animation(format_name), mime).thumbnail)

    assert getattr(small, "n_frames", 1) == 1
    assert is_near(small, (2, 6), RED, 60)


def test_what_becomes_transparent_in_a_gif_stays_so() -> None:
    frames = [Image.new("RGBA", (20, 20), (0, 0, 0, 0)) for _ in range(3)]
    for number, frame in enumerate(frames):
        frame.paste((0, 0, 255, 255), (5 * number, 0, 5 * number + 5, 5))  # a square that moves to the right
    body = media_files.saved(frames[0], "GIF", save_all=True, append_images=frames[1:], disposal=2, duration=50)
    shown = frames_of(clean(body, "image/gif").body)

    assert [[frame.getpixel((x, 2))[3] for x in (2, 7, 12)] for frame in shown] == [
        [255, 0, 0],
        [0, 255, 0],
        [0, 0, 255],
    ]
    assert all(is_near(frame, (5 * number + 2, 2), BLUE) for number, frame in enumerate(shown))


def test_an_optimised_gif_stays_small() -> None:
    body = media_files.optimised_gif()
    found = clean(body, "image/gif")

    assert len(found.body) < 1.5 * len(body)
    pairs = zip(frames_of(body), frames_of(found.body), strict=True)
    assert all(ImageChops.difference(before, after).getbbox() is None for before, after in pairs)


def test_an_animation_that_grows_is_refused() -> None:
    body = media_files.optimised_gif()

    assert code(body, "image/gif", max_copy_bytes=len(body) // 2) == "too_large"


def test_a_gif_that_plays_once_still_does() -> None:
    assert "loop" not in opened(clean(media_files.animation("GIF", loop=None), "image/gif").body).info


def test_an_animated_png_becomes_a_still() -> None:
    found = clean(media_files.animation("PNG"), "image/png")

    assert getattr(opened(found.body), "n_frames", 1) == 1


@pytest.mark.parametrize(("mime", "format_name"), [("image/gif", "GIF"), ("image/webp", "WEBP")])
def test_an_animation_may_have_as_many_frames_and_pixels_as_the_limits(mime: str, format_name: str) -> None:
    body = media_files.animation(format_name, frames=5, size=(32, 24))
    pixels = 5 * 32 * 24

    assert clean(body, mime, max_frames=5, max_animated_pixels=pixels)
    assert code(body, mime, max_frames=4) == "too_many_frames"
    assert code(body, mime, max_animated_pixels=pixels - 1) == "too_many_pixels"


def test_a_gif_of_ten_thousand_frames_is_refused_before_any_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def opened_too_early(*_: object, **__: object) -> None:
        raise AssertionError("opened")

    monkeypatch.setattr("PIL.Image.open", opened_too_early)

    assert code(media_files.gif_of(10_000), "image/gif") == "too_many_frames"


def test_a_gif_without_an_end_is_damaged() -> None:
    body = media_files.animation("GIF")

    assert code(body[:-1], "image/gif") == "damaged"


def test_a_gif_that_is_a_script_too_loses_the_script() -> None:
    body = media_files.image("GIF")
    script = b"GIF89a/*" + body[8:] + b"*/=1;alert(document.cookie)"  # the width is the beginning of a comment
    found = clean(script, "image/gif")

    assert found.width == int.from_bytes(b"/*", "little")
    assert b"alert" not in found.body and b"*/" not in found.body
