"""Thumbnails, and the placeholders that a client shows until they are there."""

import base64
import io

import thumbhash
from msgspec import Struct
from PIL import Image

from parley.domain.attachments.thumbnails import THUMBNAIL_SIDE, thumbnail_size

_PLACEHOLDER_SIDE = 32  # the hash keeps 7 waves a side at most, and its time grows with the pixels
_QUALITY = 80


class Preview(Struct, frozen=True):
    """A small picture of a file."""

    thumbnail: bytes
    thumbnail_type: str
    placeholder: str


def preview_of(image: Image.Image) -> Preview:
    """Returns a JPEG of at most 320 pixels a side, or a WebP if the picture is transparent somewhere."""
    small = in_true_colour(image.copy() if max(image.size) <= THUMBNAIL_SIDE else _shrunk(image))
    is_opaque = small.mode == "RGB"
    out = io.BytesIO()
    small.save(out, "JPEG" if is_opaque else "WEBP", quality=_QUALITY)
    return Preview(out.getvalue(), "image/jpeg" if is_opaque else "image/webp", _placeholder(small))


def _shrunk(image: Image.Image) -> Image.Image:
    """Returns a small copy; a palette would make it coarse, so it becomes true colour first."""
    if image.mode not in ("RGB", "RGBA", "L", "LA"):
        image = in_true_colour(image)
    return image.resize(thumbnail_size(*image.size), Image.Resampling.LANCZOS, reducing_gap=2.0)


def in_true_colour(image: Image.Image) -> Image.Image:
    """Returns the image as RGB, or as RGBA if a pixel is transparent."""
    if image.mode.startswith("I"):  # 16 bits; a conversion would cut off what is over 255
        image = image.point(lambda value: value / 256).convert("L")
    if not image.has_transparency_data:
        return image.convert("RGB")
    transparent = image.convert("RGBA")
    alphas = transparent.getchannel("A").getextrema()
    return image.convert("RGB") if alphas == (255, 255) else transparent


def _placeholder(small: Image.Image) -> str:
    """Returns a ThumbHash in base64, of the picture on white: the library fails on transparent pixels."""
    tiny = small.convert("RGBA")
    tiny.thumbnail((_PLACEHOLDER_SIDE, _PLACEHOLDER_SIDE))
    opaque = Image.alpha_composite(Image.new("RGBA", tiny.size, "white"), tiny)
    hashed = thumbhash.rgba_to_thumb_hash(opaque.width, opaque.height, list(opaque.tobytes()))
    return base64.b64encode(bytes(hashed)).decode()
