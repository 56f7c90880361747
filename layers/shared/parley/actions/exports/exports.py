"""Exports: a job writes a conversation into a file in bounded steps, and its owner fetches the file."""

from collections.abc import Callable
from typing import get_args

from parley.actions import access
from parley.actions.exports import archives, parts, searches
from parley.adapters.attachments import attachments, limits
from parley.adapters.conversations import conversations
from parley.adapters.dynamodb import conditions
from parley.adapters.exports import exports, files, pieces
from parley.adapters.live import queues
from parley.adapters.people import account_states, moderators
from parley.domain.api import ids
from parley.domain.api.errors import Forbidden, NotFound, TooMany, Unprocessable, client_id_reused
from parley.domain.api.request import Request
from parley.domain.api.requests import ExportConversation, ExportSearch
from parley.domain.api.times import rfc3339
from parley.domain.api.types import AttachmentKind
from parley.domain.conversations import search
from parley.domain.conversations.head import Head
from parley.domain.exports import archive
from parley.domain.exports.job import (
    MAX_HASHED_BYTES,
    MAX_RECENT,
    Export,
    ExportStep,
    Job,
    Recent,
    Searched,
    new_job,
    new_search_job,
    search_key,
)
from parley.domain.moderation import audit
from parley.domain.moderation.audit import Entry, time_ms


def export_conversation(request: Request, conversation_id: str, wanted: ExportConversation) -> Export:
    """Returns the export that an earlier try, or an equal request, has begun, or a new one.

    For members, and for moderators of a conversation with a reported message, or of any (`ModeratorReads`). Three round
    trips and the queue's, one less for a retry; with files one more.
    """
    head = _access(request, conversation_id)

    def begin(asked: Recent) -> Job:
        if wanted.files:
            _check_files(conversation_id)
        return new_job(request, head, wanted, asked)

    return _begun(request, conversation_id, wanted, begin, head.first_seq)


def export_search(request: Request, wanted: ExportSearch) -> Export:
    """Returns the export of a search that an earlier try, or an equal request, has begun, or a new one.

    For moderators, and the host's own server. Two round trips and the queue's.
    """
    access.require_moderator(request, or_service=True)
    search.check_query(wanted.q, "/q")
    since_ms = time_ms(wanted.since, "/from", 0)
    until_ms = time_ms(wanted.to, "/to", request.now_ms + 1)
    key = search_key(wanted)

    def begin(asked: Recent) -> Job:
        searched = Searched(
            q=wanted.q,
            user_id=wanted.user_id,
            since_ms=since_ms,
            until_ms=until_ms,
            role=account_states.role_of(request),
        )
        return new_search_job(request, key, searched, asked)

    return _begun(request, key, ExportConversation(format="jsonl", client_id=wanted.client_id), begin)


def _begun(
    request: Request,
    conversation_id: str,
    wanted: ExportConversation,
    begin: Callable[[Recent], Job],
    first_seq: int = 1,
) -> Export:
    """Returns an export that is stored and queued: that of an earlier try, or the one that `begin` makes."""
    for _ in conditions.tries():
        asked = exports.recent(request.user_id).at(request.now_ms)
        job = _known(request, conversation_id, wanted, asked, first_seq)
        if job is None:
            _check_limit(request, asked)
            job = begin(asked)
            try:
                exports.add(job, asked.with_job(job, wanted.client_id), _entry(request, job))
            except conditions.LostRace:
                continue
        if job.state == "queued":
            # Also for a retry: the first try may have died before this. A step that comes twice does no harm.
            queues.go_on_with(ExportStep(export_id=job.export_id))
        return job.view(request.now_ms)
    raise conditions.busy()


def get_export(request: Request, export_id: str) -> Export:
    """Returns the caller's export, with the address of its file when it is done; two round trips.

    A caller who may no longer read the conversation gets NotFound.
    """
    ids.check_export_id(export_id, access.field_of(request, "export_id"))
    job = exports.get_job(export_id)
    if job is None or job.user_id != request.user_id or job.has_expired(request.now_s):
        raise _no_export()
    try:
        _check_access(request, job)
    except (NotFound, Forbidden):
        raise _no_export() from None
    return job.view(request.now_ms, files.address(job.key) if job.state == "done" else None)


def write_export(wanted: ExportStep, now_ms: int) -> None:
    """Runs a bounded step of an export, and queues the next one.

    After a kill it continues from the row: a part that was stored but not noted is stored again. If two workers race,
    the loser leaves the rest to the winner.
    """
    before = exports.get_job(wanted.export_id)
    if before is None:
        # An erasure has deleted the job. An earlier try of this step may have written a piece after that and died.
        pieces.delete_all(wanted.export_id)
        return
    if before.is_over or before.has_expired(now_ms // 1000):
        return
    try:
        job = _moved(before, now_ms)
    except conditions.LostRace:
        if before.files and exports.get_job(before.export_id) is None:
            pieces.delete_all(before.export_id)  # an erasure has deleted the job while this step wrote
        return
    if not job.is_over:
        queues.go_on_with(wanted)


def _moved(job: Job, now_ms: int) -> Job:
    """Returns the job after one step, as it is stored; raises LostRace."""
    try:
        if job.upload_id is None:
            upload_id = files.begin(job.key, job.content_type, job.file_name)
            job = exports.save(job.begun(upload_id, now_ms))
        if not job.is_written:
            job = exports.save(_writer(job)(job, now_ms))
            if not job.is_written:
                return job
        files.complete(job.key, job.begun_upload_id, job.parts)
    except files.UploadLost:
        return _ended_or_begun_again(job, job.restarted(now_ms))
    except files.UploadFull:
        return _ended_or_begun_again(job, job.failed(now_ms))
    pieces.delete_pieces(job)
    digest = job.sha256
    if digest is None and job.size_bytes <= MAX_HASHED_BYTES:
        digest = files.hashed(job.key)
    return exports.save(job.finished(digest, now_ms))


def _writer(job: Job) -> Callable[[Job, int], Job]:
    """Returns what writes the next step of a job."""
    if job.search is not None:
        return searches.write_hits
    return archives.write_archive if job.files else parts.write_part


def _ended_or_begun_again(job: Job, after: Job) -> Job:
    """Returns the job at its beginning, or failed for good, as it is stored; raises LostRace."""
    if after.is_over:
        pieces.delete_pieces(job)
    return exports.save(after)


def _entry(request: Request, job: Job) -> Entry | None:
    """Returns the audit log's entry for a moderator's export; that of a search is without its words."""
    if job.search is not None:
        times = {"from": rfc3339(job.search.since_ms), "to": rfc3339(job.search.until_ms)}
        as_put = account_states.as_put(request)
        return audit.new_entry(as_put, "export_search", job.search.user_id, export_id=job.export_id, **times)
    if not moderators.is_moderator(account_states.role_of(request)):
        return None
    details = {"export_id": job.export_id, "format": job.format} | ({"files": "included"} if job.files else {})
    return audit.new_entry(account_states.as_put(request), "export_conversation", job.conversation_id, **details)


def _check_access(request: Request, job: Job) -> None:
    """Refuses a caller who may no longer read what the export holds."""
    if job.search is not None:
        access.require_moderator(request, or_service=True)
    else:
        _access(request, job.conversation_id)


def _access(request: Request, conversation_id: str) -> Head:
    """Returns the head of a conversation to its members and to moderators; one round trip."""
    ids.check_conversation_id(conversation_id, access.field_of(request, "conversation_id"))
    head, mine = conversations.head_and_membership(conversation_id, request.user_id)  # with it comes the caller's role
    is_moderator = moderators.is_moderator(account_states.role_of(request))
    if head is not None and is_moderator and access.is_moderated(request, head):
        return head
    return access.admit(request, head, mine)


def _known(
    request: Request, conversation_id: str, wanted: ExportConversation, asked: Recent, first_seq: int
) -> Job | None:
    """Returns the job that the same `client_id` has begun, or a running one for the same file from the same message."""
    earlier = asked.by_client_id(wanted.client_id)
    if earlier is not None:
        if (earlier.conversation_id, earlier.format, earlier.files) != (conversation_id, wanted.format, wanted.files):
            raise client_id_reused("export", request.field_prefix)
        return exports.get_job(earlier.export_id)
    same = asked.of(conversation_id, wanted.format, wanted.files)
    found = exports.some(same).values() if same else ()
    running = (job for job in found if job.is_under_way(request.now_ms))
    return next((job for job in running if job.first_seq == first_seq), None)


def _check_limit(request: Request, asked: Recent) -> None:
    free_in_ms = asked.free_in_ms(request.now_ms)
    if free_in_ms:
        raise TooMany(
            "too_many_exports",
            f"You have asked for {MAX_RECENT} exports within 24 hours.",
            rule="exports",
            retry_after_ms=free_in_ms,
        )


def _check_files(conversation_id: str) -> None:
    """Refuses a conversation whose files could be too many for one archive; one round trip for most."""
    most = archive.most_files(limits.current().bytes)
    if attachments.count(conversation_id, get_args(AttachmentKind), most) > most:
        raise Unprocessable(
            "too_many_files",
            f"This conversation has more than {most:,} files. Export it without them.",
        )


def _no_export() -> NotFound:
    """Returns the refusal for an export that is not there, or not the caller's: the caller cannot tell which."""
    return NotFound("export_not_found", "There is no such export.")
