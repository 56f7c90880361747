"""The type that the bytes themselves show, by their first ones."""

import filetype
import pillow_heif

from parley.domain.attachments.media_types import PDF, canonical

OLE = "application/x-ole-storage"  # old Office documents, and new ones with a password
ZIP = "application/zip"
ISO_MEDIA = "video/mp4"  # audio or video of MP4 and QuickTime; only their tracks tell

_SIGNATURE_BYTES = 8_192  # filetype looks no further
_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP_MAGIC = b"PK\x03\x04"
_OLD_QUICKTIME = (b"moov", b"mdat", b"wide", b"free", b"skip")  # QuickTime before `ftyp` boxes


def signature_of(body: bytes) -> str | None:
    """Returns the type by magic bytes; `OLE`, `ZIP` and `ISO_MEDIA` are containers of several types.

    A PDF must begin with its header: readers forgive 1,024 bytes before it, which can make it another type as well.
    """
    if body.startswith(_OLE_MAGIC):
        return OLE
    if body.startswith(_ZIP_MAGIC):
        return ZIP
    if body.startswith(b"%PDF-"):
        return PDF
    if body[4:8] == b"ftyp" or body[4:8] in _OLD_QUICKTIME:
        return _iso_type(body)
    if _is_mp3(body):
        return "audio/mpeg"
    guessed = filetype.guess_mime(body[:_SIGNATURE_BYTES])
    return canonical(guessed) if guessed else None


def _is_mp3(body: bytes) -> bool:
    """Says whether the file begins with a frame of MPEG audio, layer III; `filetype` does not know MPEG-2.5."""
    if len(body) < 3 or body[0] != 0xFF or body[1] & 0xE6 != 0xE2:  # 11 bits of synchronization, layer III
        return False
    version, bit_rate, sample_rate = body[1] >> 3 & 3, body[2] >> 4, body[2] >> 2 & 3
    return version != 1 and bit_rate != 15 and sample_rate != 3  # reserved values (ISO/IEC 11172-3, 2.4.2.3)


def iso_video_type(body: bytes) -> str:
    """Returns QuickTime or MP4, which differ in their brand; old QuickTime files have none."""
    is_mp4 = body[4:8] == b"ftyp" and body[8:12] != b"qt  "
    return "video/mp4" if is_mp4 else "video/quicktime"


def _iso_type(body: bytes) -> str:
    """Returns a type of image for a HEIF file: its boxes are those of MP4."""
    found = pillow_heif.get_file_mimetype(body[:_SIGNATURE_BYTES])
    return found if found.startswith("image/") else ISO_MEDIA
