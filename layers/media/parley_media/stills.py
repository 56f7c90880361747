"""Images that do not move: decoded and written again, in a form that is no larger than an attachment may be."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct
from PIL import Image, ImageOps, JpegImagePlugin

from parley_media.colours import forget_metadata, in_srgb, on_white
from parley_media.copies import Copy
from parley_media.previews import Preview, in_true_colour, preview_of
from parley_media.results import Limits, RefusedFile

WEBP_METHOD = 2  # of 0 to 6; the default of 4 takes twice the time
_NEW_QUALITY = 90  # of a JPEG that was no JPEG, and of a lossy WebP
_SMALLER_QUALITIES = (_NEW_QUALITY, 75)  # of a copy that would be too large in the form of the upload
_MAX_WEBP_SIDE = 16_383


class Picture(Struct, frozen=True, kw_only=True):
    """An image as it is kept."""

    type: str
    body: bytes
    width: int
    height: int
    preview: Preview


class _Form(Struct, frozen=True):
    """A way to write an image."""

    format_name: str
    options: dict[str, Any]


def rewritten_still(image: Image.Image, body: bytes, limits: Limits) -> Picture:
    """Returns the image of an upload, upright, in sRGB; a HEIC becomes a JPEG. Raises RefusedFile for a large one."""
    image.load()
    form = _form_of(image, body)
    ImageOps.exif_transpose(image, in_place=True)
    upright = in_srgb(image)
    forget_metadata(upright)
    if form.format_name == "JPEG" and upright.mode not in ("RGB", "L"):
        upright = on_white(upright)
    return _bounded(upright, form, limits)


def _form_of(image: Image.Image, body: bytes) -> _Form:
    """Returns the form of the upload: a JPEG keeps its own quality, so it does not swell."""
    if isinstance(image, JpegImagePlugin.JpegImageFile) and image.mode in ("RGB", "L"):
        sampling = JpegImagePlugin.get_sampling(image)
        return _Form("JPEG", {"qtables": image.quantization, "subsampling": sampling if sampling >= 0 else "4:2:0"})
    if image.format == "WEBP":
        quality = {"lossless": True} if body[12:16] == b"VP8L" else {"quality": _NEW_QUALITY}
        return _Form("WEBP", {"method": WEBP_METHOD, **quality})
    return _Form(image.format, {}) if image.format in ("PNG", "GIF") else _Form("JPEG", {"quality": _NEW_QUALITY})


def _bounded(image: Image.Image, form: _Form, limits: Limits) -> Picture:
    """Returns the image in the first form in which it is small enough; raises RefusedFile if there is none (D-513)."""
    for smaller, shown in _forms(image, form, limits):
        out = Copy(limits.max_copy_bytes)
        try:
            shown.save(out, smaller.format_name, **smaller.options)
        except RefusedFile:
            continue
        return Picture(
            type=f"image/{smaller.format_name.lower()}",
            body=out.getvalue(),
            width=image.width,
            height=image.height,
            preview=preview_of(image),
        )
    raise RefusedFile("too_large")


def _forms(image: Image.Image, first: _Form, limits: Limits) -> Iterator[tuple[_Form, Image.Image]]:
    yield first, image
    shown = in_true_colour(image)
    if shown.mode == "RGB":
        for quality in _SMALLER_QUALITIES:
            yield _Form("JPEG", {"quality": quality}), shown
    elif image.width * image.height <= limits.max_webp_pixels and max(image.size) <= _MAX_WEBP_SIDE:
        for quality in _SMALLER_QUALITIES:
            yield _Form("WEBP", {"quality": quality, "method": WEBP_METHOD}), shown
