"""Images: decoded within limits and written again, so that nothing but pixels is left of the upload."""

import io
import warnings

import pillow_heif
from PIL import Image

from parley_media.animations import rewritten_animation
from parley_media.gif_frames import measured
from parley_media.jpeg_scans import has_more_scans
from parley_media.results import Limits, RefusedFile
from parley_media.stills import Picture, rewritten_still

pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
# Pillow warns of twice what `_bounded` allows at most; frames of a GIF can enlarge the image after that check.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)

FORMATS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
    "image/heic": "HEIF",
    "image/heif": "HEIF",
}


def rewrite_image(body: bytes, mime: str, limits: Limits) -> Picture:
    """Returns the image without metadata and trailing bytes, upright, in sRGB; its type may be another (D-513).

    Raises RefusedFile before it decodes, if the image has too many pixels or frames.
    """
    Image.MAX_IMAGE_PIXELS = limits.max_pixels
    format_name = FORMATS[mime]
    if format_name == "WEBP":
        # Pillow reserves a canvas as soon as it opens one.
        _check_size(_webp_size(body), limits, min(limits.max_pixels, limits.max_webp_pixels))
    if format_name == "GIF":
        _check_gif(body, limits)
    if format_name == "JPEG" and has_more_scans(body, limits.max_jpeg_scans):
        raise RefusedFile("too_complex")
    try:
        with Image.open(io.BytesIO(body), formats=(format_name,)) as image:
            _check_size(image.size, limits, limits.max_pixels)
            if format_name in ("GIF", "WEBP") and getattr(image, "n_frames", 1) > 1:
                return rewritten_animation(image, limits)
            return rewritten_still(image, body, limits)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise RefusedFile("too_many_pixels") from None


def _check_size(size: tuple[int, int], limits: Limits, max_pixels: int) -> None:
    if max(size) > limits.max_side or size[0] * size[1] > max_pixels:
        raise RefusedFile("too_many_pixels")


def _check_gif(body: bytes, limits: Limits) -> None:
    """Raises RefusedFile by the blocks: a later frame may be larger than the first, and makes every frame so large."""
    found = measured(body, limits.max_frames)
    _check_size((found.width, found.height), limits, limits.max_pixels)
    if found.frames > 1 and found.frames * found.width * found.height > limits.max_animated_pixels:
        raise RefusedFile("too_many_pixels")


def _webp_size(body: bytes) -> tuple[int, int]:
    """Returns width and height as the header tells them (RFC 9649, 2.5 to 2.7)."""
    chunk = body[12:16]
    if chunk == b"VP8X":
        return 1 + int.from_bytes(body[24:27], "little"), 1 + int.from_bytes(body[27:30], "little")
    if chunk == b"VP8L":
        bits = int.from_bytes(body[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return int.from_bytes(body[26:28], "little") & 0x3FFF, int.from_bytes(body[28:30], "little") & 0x3FFF
