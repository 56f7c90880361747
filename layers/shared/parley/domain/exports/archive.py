"""An export with files as one ZIP archive: how far its writing has got, and the names in it.

    files ──> transcript ──> directory ──> whole

A step adds files to the archive, and keeps what it says of them in two pieces beside it: lines of the transcript and
headers of the directory. When all files are in, the pieces are copied to the archive's end. So the transcript tells
which files are in the archive, and each size and CRC is known before its entry is written.
"""

from typing import Literal
from zlib import crc32

from msgspec import Struct
from msgspec.structs import replace

from parley.domain.attachments.file_names import safe_name

ArchivePhase = Literal["files", "transcript", "directory", "whole"]
PieceKind = Literal["transcript", "directory"]

# A part has a file more than this at most: with 50 MiB (MaxAttachmentBytes) both fit into the function's memory twice.
ARCHIVE_PART_BYTES = 32 * 1024 * 1024
# 10,000 parts (S3 quotas) hold 335 GB. The rest is for the transcript, the thumbnails and the headers.
MAX_FILES_BYTES = 300_000_000_000
MAX_PARTS = 10_000
MAX_READS = 500  # objects that a step reads one by one: with 30 ms for each, 15 of the function's 60 seconds

_EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


class Placed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The paths of an attachment in the archive; empty for a file that is missing, or has no thumbnail."""

    path: str = ""
    thumbnail: str = ""
    sha256: str = ""


class Sum(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The number of bytes, and their CRC-32."""

    size: int = 0
    crc: int = 0

    def plus(self, more: bytes | bytearray) -> "Sum":
        """Returns the sum with more bytes."""
        return Sum(size=self.size + len(more), crc=crc32(more, self.crc))


class Archive(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The progress of an archive: a step must know this of those before it.

    `placed` are attachments of the first message that is not done: a step may end between two files of a message.
    """

    phase: ArchivePhase = "files"
    pieces: int = 0  # of each kind
    most_pieces: int = 0  # before a restart, there may have been more
    copied: int = 0  # pieces that the phase has copied
    copied_sum: Sum = Sum()
    transcript: Sum = Sum()
    directory: Sum = Sum()
    entries: int = 0
    directory_offset: int = 0
    waiting: Sum = Sum()  # bytes that were too few for a part
    placed: tuple[Placed, ...] = ()

    def with_piece(self, lines: bytes, headers: bytes, count: int) -> "Archive":
        """Returns the state with one more piece of each kind; `count` entries have these headers."""
        return replace(
            self,
            pieces=self.pieces + 1,
            most_pieces=max(self.most_pieces, self.pieces + 1),
            transcript=self.transcript.plus(lines),
            directory=self.directory.plus(headers),
            entries=self.entries + count,
        )

    def with_placed(self, placed: tuple[Placed, ...]) -> "Archive":
        """Returns the state with the attachments of the next message that are placed."""
        return replace(self, placed=placed)

    def with_directory_at(self, offset: int) -> "Archive":
        """Returns the state with the place where the directory begins."""
        return replace(self, directory_offset=offset)

    def with_copy(self, piece: bytes) -> "Archive":
        """Returns the state after one more piece is in the archive."""
        return replace(self, copied=self.copied + 1, copied_sum=self.copied_sum.plus(piece))

    def in_phase(self, phase: ArchivePhase) -> "Archive":
        """Returns the state at the beginning of a phase."""
        return replace(self, phase=phase, copied=0, copied_sum=Sum())

    def restarted(self) -> "Archive":
        """Returns the state of an archive that begins again."""
        return Archive(most_pieces=self.most_pieces)


def most_files(max_attachment_bytes: int) -> int:
    """Returns how many files a conversation may have to be exported with them."""
    return MAX_FILES_BYTES // max_attachment_bytes


def file_path(seq: int, position: int, name: str, total: int) -> str:
    """Returns the name in the archive of a file: of the message `seq` of `total`, where it is the `position`-th from 0.

    The numbers make it unique, also for systems that do not tell capitals from small letters. They sort files by time.
    """
    # Made safe twice: of a path only the last segment counts, and with the number the name may be too long again.
    return "files/" + safe_name(f"{_place(seq, position, total)}-{safe_name(name)}")


def thumbnail_path(seq: int, position: int, type: str, total: int) -> str:
    """Returns the name in the archive of a thumbnail; empty for a type that thumbnails do not have."""
    extension = _EXTENSIONS.get(type)
    return f"thumbnails/{_place(seq, position, total)}.{extension}" if extension else ""


def _place(seq: int, position: int, total: int) -> str:
    return f"{seq:0{len(str(total))}}-{position + 1:02}"
