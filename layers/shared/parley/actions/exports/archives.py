"""The parts of an export with files: a ZIP archive, written in steps (`domain/exports/archive.py`)."""

from collections.abc import Callable, Mapping
from hashlib import sha256

from parley.actions.exports.parts import MAX_THUMBNAIL_BYTES
from parley.actions.exports.transcripts import Transcript, files_of
from parley.adapters.attachments import contents
from parley.adapters.exports import files, pieces
from parley.domain.api.times import from_rfc3339
from parley.domain.api.types import Message, MessageAttachment
from parley.domain.attachments.attachment import StoredAttachment
from parley.domain.exports import transcript_html, zip_format
from parley.domain.exports.archive import (
    ARCHIVE_PART_BYTES,
    MAX_READS,
    Archive,
    ArchivePhase,
    PieceKind,
    Placed,
    Sum,
    file_path,
    thumbnail_path,
)
from parley.domain.exports.job import PART_BYTES, Job, export_line, with_paths
from parley.domain.exports.transcript_html import Line, Shown
from parley.domain.exports.zip_format import Entry


def write_archive(job: Job, now_ms: int) -> Job:
    """Returns the job after its next step is in S3; raises UploadLost and UploadFull.

    A step that fills no part keeps its bytes for the next one, because only the last part may be small.
    """
    step = _Step(job)
    archive, done = _PHASES[step.archive.phase](step, now_ms)
    if archive.phase == "whole" or len(step.content) >= ARCHIVE_PART_BYTES:
        etag = files.put_part(job.key, job.begun_upload_id, len(job.parts) + 1, step.content)
        return job.with_archive_part(archive, etag, step.content, done, now_ms)
    if step.content:
        pieces.put_waiting(job, step.content)
    return job.with_archive(archive, Sum().plus(step.content), done, now_ms)


class _Step:
    """The bytes of an archive that are not in a part yet: those that waited, and those that this step adds."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.archive = job.archive or Archive()
        self.content = bytearray()
        self.reads = 0
        waiting = self.archive.waiting
        if waiting.size:
            self.content += pieces.get_waiting(job)
            check_sum(Sum().plus(self.content), waiting)

    @property
    def offset(self) -> int:
        """Returns the length of the archive so far."""
        return self.job.size_bytes + len(self.content)

    @property
    def is_full(self) -> bool:
        return len(self.content) >= ARCHIVE_PART_BYTES or self.reads >= MAX_READS


def _add_files(step: _Step, now_ms: int) -> tuple[Archive, int]:
    """Adds the files of the next messages, and writes the pieces about them."""
    filling = _Filling(step, now_ms)
    is_last, done, placed = filling.fill()
    lines, headers, count = bytes(filling.lines), filling.headers, filling.entries
    archive = step.archive
    if is_last:
        whole = archive.transcript.plus(lines)
        transcript = Entry(
            name=step.job.transcript_name,
            size=whole.size,
            crc=whole.crc,
            offset=step.offset,
            at_ms=step.job.created_at_ms,
        )
        step.content += zip_format.local_header(transcript)
        headers += zip_format.directory_header(transcript)
        count += 1
    pieces.put_piece(step.job, "transcript", archive.pieces + 1, lines)
    pieces.put_piece(step.job, "directory", archive.pieces + 1, bytes(headers))
    archive = archive.with_piece(lines, bytes(headers), count).with_placed(placed)
    return archive.in_phase("transcript") if is_last else archive, done


def _add_transcript(step: _Step, now_ms: int) -> tuple[Archive, int]:
    archive = _copied(step, "transcript", step.archive)
    if archive.copied == archive.pieces:
        check_sum(archive.copied_sum, archive.transcript)
        archive = archive.in_phase("directory").with_directory_at(step.offset)
    return archive, step.job.done


def _add_directory(step: _Step, now_ms: int) -> tuple[Archive, int]:
    archive = _copied(step, "directory", step.archive)
    if archive.copied == archive.pieces:
        check_sum(archive.copied_sum, archive.directory)
        step.content += zip_format.end_of_directory(archive.entries, archive.directory.size, archive.directory_offset)
        archive = archive.in_phase("whole")
    return archive, step.job.done


_PHASES: Mapping[ArchivePhase, Callable[[_Step, int], tuple[Archive, int]]] = {
    "files": _add_files,
    "transcript": _add_transcript,
    "directory": _add_directory,
}


def _copied(step: _Step, kind: PieceKind, archive: Archive) -> Archive:
    """Adds the next pieces to the archive; one round trip for each."""
    while archive.copied < archive.pieces and not step.is_full:
        piece = pieces.get_piece(step.job, kind, archive.copied + 1)
        step.reads += 1
        step.content += piece
        archive = archive.with_copy(piece)
    return archive


def check_sum(found: Sum, noted: Sum) -> None:
    """Raises UploadLost for bytes that another worker at the same step has replaced by others."""
    if found != noted:
        raise files.UploadLost("a piece is not as it was noted")


class _Filling:
    """The files of the next messages in the archive, with their lines of the transcript and their headers."""

    def __init__(self, step: _Step, now_ms: int) -> None:
        self._step = step
        self._job = step.job
        self._transcript = Transcript(step.job, now_ms)
        self.lines = bytearray()
        self.headers = bytearray()
        self.entries = 0

    def fill(self) -> tuple[bool, int, tuple[Placed, ...]]:
        """Returns whether that was all, the last message that is done, and what is placed of the one after it."""
        job = self._job
        if not self._step.archive.pieces:
            self.lines += self._top()
        done = job.done
        for page in self._transcript.pages():
            stored = files_of(page)
            for line in page:
                if self._is_full:
                    return False, done, ()
                placed = self._placed(line.message, stored)
                if len(placed) < len(line.message.attachments):
                    return False, line.message.seq - 1, tuple(placed)
                self.lines += self._piece(line, placed)
                done = line.message.seq
        self.lines += self._bottom()
        return True, job.total, ()

    @property
    def _is_full(self) -> bool:
        return self._step.is_full or len(self.lines) >= PART_BYTES

    def _placed(self, message: Message, stored: Mapping[str, StoredAttachment]) -> list[Placed]:
        """Returns what has become of a message's attachments: of the first of them only, if the step is full then."""
        earlier = self._step.archive.placed if message.seq == self._job.done + 1 else ()
        placed = list(earlier[: len(message.attachments)])
        for position, attachment in enumerate(message.attachments[len(placed) :], start=len(placed)):
            if self._is_full:
                break
            placed.append(self._place(message, position, attachment, stored.get(attachment.id)))
        return placed

    def _place(
        self, message: Message, position: int, attachment: MessageAttachment, stored: StoredAttachment | None
    ) -> Placed:
        """Adds a file to the archive, and its thumbnail if the transcript is a page."""
        if stored is None:
            return Placed()
        self._step.reads += 1
        content = contents.read_file(stored)
        if content is None:
            return Placed()
        at_ms, total = from_rfc3339(message.created_at) or 0, self._job.total
        path = file_path(message.seq, position, attachment.name, total)
        self._add(path, content, at_ms)
        small = thumbnail_path(message.seq, position, stored.thumbnail_type or "", total)
        return Placed(
            path=path,
            thumbnail=small if self._add_thumbnail(small, stored, at_ms) else "",
            sha256=sha256(content).hexdigest(),
        )

    def _add_thumbnail(self, path: str, stored: StoredAttachment, at_ms: int) -> bool:
        """Adds the thumbnail of a file to an archive that shows it; returns False if there is none."""
        if self._job.format != "html" or not path:
            return False
        self._step.reads += 1
        image = contents.read_thumbnail(stored.of_file, MAX_THUMBNAIL_BYTES)
        if image is not None:
            self._add(path, image, at_ms)
        return image is not None

    def _add(self, path: str, content: bytes, at_ms: int) -> None:
        size, crc = len(content), Sum().plus(content).crc
        entry = Entry(name=path, size=size, crc=crc, offset=self._step.offset, at_ms=at_ms)
        self._step.content += zip_format.local_header(entry)
        self._step.content += content
        self.headers += zip_format.directory_header(entry)
        self.entries += 1

    def _top(self) -> bytes:
        about = self._transcript.about
        is_html = self._job.format == "html"
        return transcript_html.top(about, is_archive=True).encode() if is_html else export_line(about)

    def _bottom(self) -> bytes:
        return transcript_html.bottom(self._transcript.about).encode() if self._job.format == "html" else b""

    def _piece(self, line: Line, placed: list[Placed]) -> bytes:
        if self._job.format == "jsonl":
            return export_line(with_paths(line.message, placed))
        shown = {
            attachment.id: Shown(image=each.thumbnail, link=each.path, is_missing=not each.path)
            for attachment, each in zip(line.message.attachments, placed, strict=True)
        }
        return transcript_html.article(line, self._transcript.names, shown).encode()
