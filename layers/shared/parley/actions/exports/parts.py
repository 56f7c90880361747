"""The parts of an export without files: each has as many messages as it takes to fill one."""

from collections.abc import Iterator, Mapping, Sequence

from parley.actions.exports.transcripts import Transcript, files_of
from parley.adapters.attachments import contents
from parley.adapters.exports import files
from parley.domain.api.types import Message
from parley.domain.attachments.attachment import StoredAttachment
from parley.domain.exports import transcript_html
from parley.domain.exports.job import PART_BYTES, Job, export_line, with_hashes
from parley.domain.exports.transcript_html import Line, Shown

MAX_THUMBNAIL_BYTES = 60_000  # 320 pixels a side take 5 to 40 KB
MAX_THUMBNAILS = 1_000  # of a part: with 20 ms for each, 20 of the function's 60 seconds


def write_part(job: Job, now_ms: int) -> Job:
    """Returns the job after its next part is in S3; raises UploadLost and UploadFull."""
    part, done = _Part(job, now_ms).write()
    etag = files.put_part(job.key, job.begun_upload_id, len(job.parts) + 1, part)
    return job.with_part(etag, part, done, now_ms)


class _Part:
    """The next part of a file."""

    def __init__(self, job: Job, now_ms: int) -> None:
        self._job = job
        self._transcript = Transcript(job, now_ms)
        self._thumbnails = 0

    def write(self) -> tuple[bytes, int]:
        """Returns the part, and the seq of its last message."""
        job = self._job
        part = bytearray() if job.parts else self._top()
        for lines in self._transcript.pages():
            for line, piece in zip(lines, self._pieces(lines), strict=True):
                part += piece
                if len(part) >= PART_BYTES and line.message.seq < job.total:
                    return bytes(part), line.message.seq
        part += self._bottom()
        return bytes(part), job.total

    def _top(self) -> bytearray:
        about = self._transcript.about
        is_html = self._job.format == "html"
        return bytearray(transcript_html.top(about).encode() if is_html else export_line(about))

    def _bottom(self) -> bytes:
        return transcript_html.bottom(self._transcript.about).encode() if self._job.format == "html" else b""

    def _pieces(self, lines: Sequence[Line]) -> Iterator[bytes]:
        stored = files_of(lines)
        if self._job.format == "jsonl":
            hashes = {attachment_id: each.sha256 for attachment_id, each in stored.items()}
            yield from (export_line(with_hashes(line.message, hashes)) for line in lines)
            return
        for line in lines:
            shown = self._thumbnails_of(line.message, stored)
            yield transcript_html.article(line, self._transcript.names, shown).encode()

    def _thumbnails_of(self, message: Message, stored: Mapping[str, StoredAttachment]) -> dict[str, Shown]:
        """Returns the thumbnails of a message by attachment; one round trip for each."""
        found = {}
        for attachment in message.attachments:
            each = stored.get(attachment.id)
            if each is None or each.thumbnail_type is None or self._thumbnails == MAX_THUMBNAILS:
                continue
            self._thumbnails += 1
            image = contents.read_thumbnail(each.of_file, MAX_THUMBNAIL_BYTES)
            if image is not None:
                found[attachment.id] = Shown(image=transcript_html.embedded(each.thumbnail_type, image))
        return found
