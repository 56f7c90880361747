"""The limits of an examination, and its two results."""

from typing import Literal

from msgspec import Struct

from parley.domain.attachments.media_types import Kind

# A client can react to each: declare another type, send less, or choose another file.
Code = Literal[
    "not_allowed",
    "empty",
    "too_large",
    "infected",
    "type_mismatch",
    "not_utf8",
    "damaged",
    "encrypted",
    "too_many_pixels",
    "too_many_frames",
    "decompression_bomb",
    "polyglot",
    "no_audio",
    "too_long",
    "too_complex",
]


class Limits(Struct, frozen=True, kw_only=True):
    """The limits of a file, so that no examination takes too much; D-315 has the reasons for the numbers."""

    max_bytes: int = 10 * 1024 * 1024
    max_pixels: int = 60_000_000  # a phone's 50 megapixels; 180 MB as RGB
    max_webp_pixels: int = 24_000_000  # the encoder takes 23 bytes a pixel
    max_side: int = 32_767
    max_jpeg_scans: int = 100  # a progressive JPEG has some ten; each is decoded over the whole image
    max_frames: int = 1_000
    max_animated_pixels: int = 100_000_000  # all frames together; as a GIF is written, each pixel takes a byte
    max_copy_bytes: int = 10 * 1024 * 1024  # of an image as it is written again
    max_video_pixels: int = 9_437_184  # 4096 x 2304; a decoder may keep 16 frames for reference
    voice_max_ms: int = 300_000
    audio_max_ms: int = 10_800_000
    min_audio_bytes_per_s: int = 16  # silence in the densest packets takes 30; after the first minute
    max_unpacked_bytes: int = 256 * 1024 * 1024  # all entries of an Office document
    max_unpacked_ratio: int = 100  # of a document's unpacked size to its own, over 10 MB unpacked
    max_entries: int = 10_000
    # Of the process that examines. The function has 1,769 MB, of which its handler takes some, and 60 s (D-444).
    max_memory_bytes: int = 1_200 * 1024 * 1024
    max_cpu_s: int = 40
    max_wall_s: int = 45


class Clean(Struct, frozen=True, kw_only=True):
    """A file that may be sent: `body` is the copy to keep, and `type` is what that copy is.

    `name_suffix` is the extension that the name must get, if its own would be wrong.
    """

    type: str
    kind: Kind
    body: bytes
    name_suffix: str | None = None
    thumbnail: bytes | None = None
    thumbnail_type: str | None = None
    placeholder: str | None = None  # a ThumbHash in base64, at most 36 characters
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    pages: int | None = None
    waveform: tuple[int, ...] = ()  # 64 peaks from 0 to 100, of audio only


class Rejected(Struct, frozen=True, kw_only=True):
    """A file that may not be sent. `detail` is for the log: the class of a library's error, never words of the file."""

    code: Code
    detail: str = ""


class RefusedFile(Exception):
    """Raised by an examiner; `examine` turns it into `Rejected`."""

    def __init__(self, code: Code) -> None:
        super().__init__(code)
        self.code: Code = code
