"""Colours and metadata of an image: everything in sRGB, and nothing but pixels."""

import io
from functools import lru_cache

from PIL import Image, ImageCms


def in_srgb(image: Image.Image) -> Image.Image:
    """Returns the image in sRGB, if it has a colour profile; one that cannot be read counts as none.

    A palette stays one: its colours are converted, and the pixels need not be.
    """
    profile = image.info.get("icc_profile")
    if not profile or image.mode in ("L", "1") or image.mode.startswith("I"):
        return image
    try:
        return _with_srgb_palette(image, profile) if image.mode == "P" else _converted(image, profile)
    except (ImageCms.PyCMSError, OSError):
        return image


def forget_metadata(image: Image.Image) -> None:
    """Leaves nothing but pixels, palette and transparency: Pillow writes what it finds in `info`."""
    image.info = {key: value for key, value in image.info.items() if key == "transparency"}


def on_white(image: Image.Image) -> Image.Image:
    """Returns the image in RGB, with white in place of what is transparent."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    transparent = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), transparent).convert("RGB")


def _with_srgb_palette(image: Image.Image, profile: bytes) -> Image.Image:
    colours = bytes(image.getpalette("RGB") or b"")
    strip = Image.frombytes("RGB", (len(colours) // 3, 1), colours)
    image.putpalette(_converted(strip, profile).tobytes(), "RGB")
    return image


def _converted(image: Image.Image, profile: bytes) -> Image.Image:
    if image.mode in ("PA", "LA"):
        image = image.convert("RGBA")
    if image.mode in ("RGB", "RGBA"):
        ImageCms.applyTransform(image, _to_srgb(profile, image.mode, image.mode), inPlace=True)  # a copy is 240 MB
        return image
    return ImageCms.applyTransform(image, _to_srgb(profile, image.mode, "RGB")) or image


@lru_cache(maxsize=1)  # the frames of an animation share one
def _to_srgb(profile: bytes, mode: str, new_mode: str) -> ImageCms.ImageCmsTransform:
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, new_mode)
