"""The limits of attachments: the template's parameters under "Attachments"."""

from functools import cache
from typing import cast, get_args

from msgspec import Struct
from msgspec.structs import asdict

from parley.adapters import environment, limits
from parley.domain.api.types import AttachmentLimits, ClientLimits
from parley.domain.attachments import retention
from parley.domain.attachments.media_types import allowed_types
from parley.domain.attachments.scans import MalwareScan

MAX_BYTES = 52_428_800  # as in template.yaml: the scanner holds a file in memory
MAX_PER_MESSAGE = 30  # a transaction holds 100 items (DynamoDB quotas), a message with its files 400 KB
MAX_UNSENT = 1000
MAX_BYTES_PER_DAY = 2**40
MAX_VOICE_S = 3600
MAX_IMAGE_PIXELS = 60_000_000  # these three are what the scanner's memory and time allow (D-320)
MAX_IMAGE_FRAMES = 1_000
MAX_ANIMATION_PIXELS = 100_000_000


class ScanLimits(Struct, frozen=True, kw_only=True):
    """The limits of an image: `pixels` of one frame, and of an animation its frames and the pixels of them all."""

    pixels: int
    frames: int
    animation_pixels: int


def current() -> AttachmentLimits:
    """Returns the limits; raises WrongVariable for a value that template.yaml would refuse.

    Those of images hold only for functions that tell clients, and for the scanner: the others lack the variables.
    """
    return _limits(
        environment.optional("MAX_ATTACHMENT_BYTES", "10485760"),
        environment.optional("MAX_ATTACHMENTS_PER_MESSAGE", "5"),
        environment.optional("ATTACHMENT_TYPES", "*"),
        environment.optional("MAX_UNSENT_ATTACHMENTS", "50"),
        environment.optional("UPLOAD_BYTES_PER_DAY", "1073741824"),
        environment.optional("VOICE_MAX_S", "300"),
        of_scans(),
    )


def client_limits() -> ClientLimits:
    """Returns all limits of this deployment that clients are told."""
    return ClientLimits(**asdict(limits.current()), attachments=current())


def retention_days() -> int:
    """Returns after how many days the files of a message are deleted (AttachmentRetentionDays); 0 keeps them."""
    name = "ATTACHMENT_RETENTION_DAYS"
    return environment.whole_number(name, environment.optional(name, "0"), 0, 36_500)


def files_since_ms(now_ms: int) -> int:
    """Returns the time of the youngest messages whose files are no longer kept; 0 if all are."""
    return retention.files_since_ms(now_ms, retention_days())


def of_scans() -> ScanLimits:
    """Returns the limits of images."""
    return ScanLimits(
        pixels=_image_limit("MAX_IMAGE_PIXELS", environment.optional("MAX_IMAGE_PIXELS"), MAX_IMAGE_PIXELS),
        frames=_image_limit("MAX_IMAGE_FRAMES", environment.optional("MAX_IMAGE_FRAMES"), MAX_IMAGE_FRAMES),
        animation_pixels=_image_limit(
            "MAX_ANIMATION_PIXELS", environment.optional("MAX_ANIMATION_PIXELS"), MAX_ANIMATION_PIXELS
        ),
    )


def malware_scan() -> MalwareScan:
    """Returns whose verdict an upload waits for (MalwareScan); raises WrongVariable."""
    found = environment.optional("MALWARE_SCAN", "none")
    for known in get_args(MalwareScan):
        if found == known:
            return cast(MalwareScan, known)
    raise environment.WrongVariable(f"MALWARE_SCAN={found!r} is no scanner")


def _image_limit(name: str, text: str, most: int) -> int:
    return environment.whole_number(name, text or str(most), 1, most)


@cache
def _limits(
    most_bytes: str, per_message: str, types: str, unsent: str, bytes_per_day: str, voice_s: str, images: ScanLimits
) -> AttachmentLimits:
    number = environment.whole_number
    return AttachmentLimits(
        bytes=number("MAX_ATTACHMENT_BYTES", most_bytes, 1, MAX_BYTES),
        per_message=number("MAX_ATTACHMENTS_PER_MESSAGE", per_message, 1, MAX_PER_MESSAGE),
        types=_types(types),
        unsent=number("MAX_UNSENT_ATTACHMENTS", unsent, 1, MAX_UNSENT),
        bytes_per_day=number("UPLOAD_BYTES_PER_DAY", bytes_per_day, 1, MAX_BYTES_PER_DAY),
        voice_ms=1000 * number("VOICE_MAX_S", voice_s, 1, MAX_VOICE_S),
        max_pixels=images.pixels,
        max_frames=images.frames,
        max_animation_pixels=images.animation_pixels,
    )


def _types(text: str) -> list[str]:
    try:
        return sorted(allowed_types(text))
    except ValueError as error:
        raise environment.WrongVariable(f"AttachmentTypes: {error}") from error
