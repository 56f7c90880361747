"""Images: decoded within limits and written again, so that nothing but pixels is left of the upload."""

import io
import warnings
from typing import Any

import pillow_heif
from msgspec import Struct
from PIL import ExifTags, Image, ImageCms, ImageOps, JpegImagePlugin

from parley_media.gif_frames import count_frames
from parley_media.jpeg_scans import has_more_scans
from parley_media.previews import Preview, preview_of
from parley_media.results import Limits, RefusedFile

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
_NEW_QUALITY = 90  # of a JPEG that was no JPEG, and of a lossy WebP
_ANIMATION_QUALITY = 80
_WEBP_METHOD = 2  # of 0 to 6; the default of 4 takes twice the time


class Picture(Struct, frozen=True, kw_only=True):
    """An image as it is kept."""

    type: str
    body: bytes
    width: int
    height: int
    preview: Preview


def rewrite_image(body: bytes, mime: str, limits: Limits) -> Picture:
    """Returns the image without metadata and trailing bytes, upright, in sRGB; a HEIC becomes a JPEG.

    Raises RefusedFile before it decodes, if the image is too large or has too many frames.
    """
    Image.MAX_IMAGE_PIXELS = limits.max_pixels
    format_name = FORMATS[mime]
    if format_name == "WEBP":
        # Pillow reserves a canvas as soon as it opens one.
        _check_size(_webp_size(body), limits, min(limits.max_pixels, limits.max_webp_pixels))
    if format_name == "GIF":
        count_frames(body, limits.max_frames)
    if format_name == "JPEG" and has_more_scans(body, limits.max_jpeg_scans):
        raise RefusedFile("too_complex")
    try:
        with Image.open(io.BytesIO(body), formats=(format_name,)) as image:
            _check_size(image.size, limits, limits.max_pixels)
            if format_name in ("GIF", "WEBP") and getattr(image, "n_frames", 1) > 1:
                return _rewritten_animation(image, mime, limits)
            return _rewritten_still(image, body, mime)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise RefusedFile("too_many_pixels") from None


def _check_size(size: tuple[int, int], limits: Limits, max_pixels: int) -> None:
    if max(size) > limits.max_side or size[0] * size[1] > max_pixels:
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


# --- stills ----------------------------------------------------------------------------------------------------------


def _rewritten_still(image: Image.Image, body: bytes, mime: str) -> Picture:
    image.load()
    options = _options(image, body, mime)
    ImageOps.exif_transpose(image, in_place=True)
    upright = _in_srgb(image)
    _forget_metadata(upright)
    kept = "JPEG" if FORMATS[mime] == "HEIF" else FORMATS[mime]
    if kept == "JPEG" and upright.mode not in ("RGB", "L"):
        upright = _on_white(upright)
    out = io.BytesIO()
    upright.save(out, kept, **options)
    return _picture(f"image/{kept.lower()}", out, upright)


def _options(image: Image.Image, body: bytes, mime: str) -> dict[str, Any]:
    """Returns how to write it: a JPEG keeps its own quality, so that it neither swells nor loses more than it must."""
    if mime == "image/jpeg" and image.mode in ("RGB", "L"):
        assert isinstance(image, JpegImagePlugin.JpegImageFile)
        sampling = JpegImagePlugin.get_sampling(image)
        return {"qtables": image.quantization, "subsampling": sampling if sampling >= 0 else "4:2:0"}
    if mime == "image/webp":
        return {"method": _WEBP_METHOD, **({"lossless": True} if body[12:16] == b"VP8L" else {"quality": _NEW_QUALITY})}
    return {} if mime in ("image/png", "image/gif") else {"quality": _NEW_QUALITY}


def _in_srgb(image: Image.Image) -> Image.Image:
    """Returns the image in sRGB, if it has a colour profile; one that cannot be read counts as none."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode in ("L", "1") or image.mode.startswith("I"):
        return image
    if image.mode in ("P", "PA", "LA"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        if image.mode in ("RGB", "RGBA"):
            ImageCms.profileToProfile(image, source, target, inPlace=True)  # a copy would be 240 MB
            return image
        return ImageCms.profileToProfile(image, source, target, outputMode="RGB") or image
    except (ImageCms.PyCMSError, OSError):
        return image


def _forget_metadata(image: Image.Image) -> None:
    """Leaves nothing but pixels, palette and transparency: Pillow writes what it finds in `info`."""
    image.info = {key: value for key, value in image.info.items() if key == "transparency"}


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    transparent = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), transparent).convert("RGB")


# --- animations ------------------------------------------------------------------------------------------------------


def _rewritten_animation(image: Image.Image, mime: str, limits: Limits) -> Picture:
    frames = getattr(image, "n_frames", 1)
    if frames > limits.max_frames:
        raise RefusedFile("too_many_frames")
    if frames * image.width * image.height > limits.max_animated_pixels:
        raise RefusedFile("too_many_pixels")
    durations, is_transparent = _timed(image, frames)
    still = _frame(image, 0)
    out = io.BytesIO()
    options: dict[str, Any] = {"save_all": True, "duration": durations}
    if "loop" in image.info:
        options["loop"] = image.info["loop"]
    if mime == "image/gif":
        following = (_frame(image, number) for number in range(1, frames))
        disposal = 2 if is_transparent else 1
        still.save(out, "GIF", append_images=following, disposal=disposal, **options)
    else:
        image.info.pop("background", None)
        options |= {"quality": _ANIMATION_QUALITY, "method": _WEBP_METHOD}
        if _is_turned(image):
            options["append_images"] = [_frame(image, number) for number in range(1, frames)]
            still.save(out, "WEBP", **options)
        else:
            image.save(out, "WEBP", **options)
    if out.tell() > limits.max_animation_bytes:  # a frame of some bytes can show all of an earlier one again
        raise RefusedFile("too_large")
    return _picture(mime, out, still)


def _timed(image: Image.Image, frames: int) -> tuple[list[int], bool]:
    """Decodes every frame; returns how long each is shown, in milliseconds, and whether one is transparent."""
    durations, is_transparent = [], False
    for number in range(frames):
        image.seek(number)
        image.load()
        durations.append(int(image.info.get("duration", 0)))
        is_transparent = is_transparent or image.has_transparency_data
    return durations, is_transparent


def _is_turned(image: Image.Image) -> bool:
    return bool(image.getexif().get(ExifTags.Base.Orientation, 1) != 1)


def _frame(image: Image.Image, number: int) -> Image.Image:
    """Returns a frame, upright."""
    image.seek(number)
    frame = image.convert("RGBA")
    ImageOps.exif_transpose(frame, in_place=True)
    _forget_metadata(frame)
    return frame


def _picture(mime: str, out: io.BytesIO, image: Image.Image) -> Picture:
    return Picture(type=mime, body=out.getvalue(), width=image.width, height=image.height, preview=preview_of(image))
