"""The parts of an export of what a moderator's search has found: the hits, the newest first."""

from collections.abc import Sequence

from msgspec.structs import replace

from parley.actions import access
from parley.actions.exports.archives import check_sum
from parley.actions.exports.transcripts import files_of
from parley.actions.messages.search import look_through_all
from parley.adapters.attachments.limits import files_since_ms
from parley.adapters.exports import files, pieces
from parley.domain.api.identity import Identity
from parley.domain.api.request import Request
from parley.domain.api.types import Message
from parley.domain.conversations import search
from parley.domain.conversations.search import Look
from parley.domain.exports.archive import Archive, Sum
from parley.domain.exports.job import MAX_HITS, PART_BYTES, Job, about_search, export_line, with_hashes
from parley.domain.exports.transcript_html import Line

PAGE = 100  # hits of one page of the search
MAX_PAGES = 10  # of one step; each looks through 2,000 messages at most


def write_hits(job: Job, now_ms: int) -> Job:
    """Returns the job after its next step is in S3; raises UploadLost and UploadFull.

    A step that fills no part keeps its bytes for the next one, because only the last part may be small.
    """
    archive = job.archive or Archive()
    content, found, cursor = _begun(job, archive), job.done, job.searched.cursor
    for _ in range(MAX_PAGES):
        hits, cursor = _page(job, cursor, min(PAGE, MAX_HITS - found), now_ms)
        content += b"".join(_lines(hits))
        found += len(hits)
        is_last = cursor is None or found >= MAX_HITS
        if is_last or len(content) >= PART_BYTES:
            break
    after = replace(job, search=replace(job.searched, cursor=cursor))
    if is_last or len(content) >= PART_BYTES:
        etag = files.put_part(job.key, job.begun_upload_id, len(job.parts) + 1, content)
        archive = archive.in_phase("whole") if is_last else archive
        return after.with_archive_part(archive, etag, content, found, now_ms)
    pieces.put_waiting(job, content)
    return after.with_archive(archive, Sum().plus(content), found, now_ms)


def _begun(job: Job, archive: Archive) -> bytearray:
    """Returns what the step before has kept, or the first line of the file."""
    if archive.waiting.size:
        kept = pieces.get_waiting(job)
        check_sum(Sum().plus(kept), archive.waiting)
        return bytearray(kept)
    return bytearray() if job.parts else bytearray(export_line(about_search(job)))


def _page(job: Job, cursor: str | None, limit: int, now_ms: int) -> tuple[list[Message], str | None]:
    """Returns the next hits as all members see them, and the cursor after them."""
    wanted = job.searched
    caller = Identity(user_id=job.user_id, name=job.user_id, role=wanted.role, expires_at_s=job.expires_at_s)
    request = Request(caller=caller, now_ms=now_ms, request_id=job.export_id)
    query = search.check_query(wanted.q)
    look = Look(query, limit, wanted.bounds)
    following = look_through_all(
        wanted.user_id,
        look,
        search.position_of(cursor, query, job.conversation_id),
        may_read=lambda head: access.is_moderated(request, head),
    )
    since_ms = files_since_ms(now_ms)
    return [message.for_all(since_ms) for message, _ in look.found], following


def _lines(hits: Sequence[Message]) -> list[bytes]:
    stored = files_of([Line(message=message, before=None, answered=None) for message in hits])
    hashes = {attachment_id: each.sha256 for attachment_id, each in stored.items()}
    return [export_line(with_hashes(message, hashes)) for message in hits]
