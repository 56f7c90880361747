"""Animations: a GIF or WebP that moves is written again with all of its frames."""

from collections.abc import Iterator
from typing import Any

from PIL import ExifTags, Image, ImageOps

from parley_media.colours import forget_metadata, in_srgb
from parley_media.copies import Copy
from parley_media.previews import preview_of
from parley_media.results import Limits, RefusedFile
from parley_media.stills import WEBP_METHOD, Picture

_QUALITY = 80


def rewritten_animation(image: Image.Image, limits: Limits) -> Picture:
    """Returns the animation, upright, in sRGB; raises RefusedFile for too many frames or pixels, or a large copy."""
    frames = getattr(image, "n_frames", 1)
    if frames > limits.max_frames:
        raise RefusedFile("too_many_frames")
    if frames * image.width * image.height > limits.max_animated_pixels:
        raise RefusedFile("too_many_pixels")
    out = Copy(limits.max_copy_bytes)
    still = _written_gif(image, frames, out) if image.format == "GIF" else _written_webp(image, frames, out)
    return Picture(
        type=f"image/{str(image.format).lower()}",
        body=out.getvalue(),
        width=still.width,
        height=still.height,
        preview=preview_of(still),
    )


def _written_gif(image: Image.Image, frames: int, out: Copy) -> Image.Image:
    """Writes a GIF; returns its first frame.

    If all is opaque, each frame has only the rectangle that changes. If not, a frame must be removed before the next
    one is shown (disposal 2), so each is whole.
    """
    options, is_opaque = _read(image, frames)
    mode, disposal = ("RGB", 1) if is_opaque else ("RGBA", 2)
    still = _frame(image, 0, mode)
    following = (_frame(image, number, mode) for number in range(1, frames))
    still.save(out, "GIF", append_images=following, disposal=disposal, **options)
    return still


def _written_webp(image: Image.Image, frames: int, out: Copy) -> Image.Image:
    """Writes a WebP; returns its first frame. Frames that need no change are encoded one by one as they are read."""
    options, _ = _read(image, frames)
    options |= {"quality": _QUALITY, "method": WEBP_METHOD}
    still = _frame(image, 0)
    image.info.pop("background", None)
    if _is_turned(image) or image.info.get("icc_profile"):
        following = [_frame(image, number) for number in range(1, frames)]
        still.save(out, "WEBP", append_images=following, **options)
    else:
        image.save(out, "WEBP", **options)
    return still


def _read(image: Image.Image, frames: int) -> tuple[dict[str, Any], bool]:
    """Decodes every frame; returns durations in milliseconds and loops for the encoder, and whether all is opaque."""
    opaque = []
    durations = []
    for _ in _shown(image, frames):
        durations.append(int(image.info.get("duration", 0)))
        opaque.append(_is_opaque(image))
    loops = {"loop": image.info["loop"]} if "loop" in image.info else {}
    return {"save_all": True, "duration": durations, **loops}, all(opaque)


def _shown(image: Image.Image, frames: int) -> Iterator[int]:
    for number in range(frames):
        image.seek(number)
        image.load()
        yield number


def _is_opaque(image: Image.Image) -> bool:
    """Says whether every pixel is shown: programs that optimise a GIF use transparent ones for what does not change."""
    if not image.has_transparency_data:
        return True
    lowest, _ = image.convert("RGBA").getchannel("A").getextrema()
    return lowest == 255


def _is_turned(image: Image.Image) -> bool:
    return bool(image.getexif().get(ExifTags.Base.Orientation, 1) != 1)


def _frame(image: Image.Image, number: int, mode: str = "RGBA") -> Image.Image:
    """Returns a frame, upright and in sRGB."""
    image.seek(number)
    frame = image.convert(mode)
    ImageOps.exif_transpose(frame, in_place=True)
    frame = in_srgb(frame)
    forget_metadata(frame)
    return frame
