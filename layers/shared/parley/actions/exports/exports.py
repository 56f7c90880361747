"""Exports: a job writes a conversation into a file in bounded steps, and its owner fetches the file."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice

from parley.actions import access
from parley.actions.parallel import in_parallel
from parley.adapters.attachments import attachments, thumbnails
from parley.adapters.conversations import conversations, messages, personal_marks
from parley.adapters.dynamodb import batches, conditions, tables
from parley.adapters.exports import exports, files
from parley.adapters.live import queues
from parley.adapters.people import blocks, moderators
from parley.domain.api import ids
from parley.domain.api.errors import Field, NotFound, TooMany, Unprocessable
from parley.domain.api.request import Request
from parley.domain.api.requests import ExportConversation
from parley.domain.api.types import Message
from parley.domain.attachments.attachment import StoredAttachment
from parley.domain.conversations.head import Head
from parley.domain.conversations.message import StoredMessage, Viewer
from parley.domain.exports import transcript_html
from parley.domain.exports.job import (
    CONTENT_TYPES,
    MAX_HASHED_BYTES,
    MAX_MEMBERS,
    MAX_RECENT,
    PART_BYTES,
    About,
    Export,
    ExportStep,
    Job,
    Person,
    Recent,
    about_export,
    export_line,
    new_job,
    with_hashes,
)
from parley.domain.exports.transcript_html import Line
from parley.domain.moderation import audit
from parley.domain.moderation.audit import Entry

LOOK_BACK = 10  # messages read again at the start of a part
MAX_THUMBNAIL_BYTES = 60_000  # 320 pixels a side take 5 to 40 KB
MAX_THUMBNAILS = 1_000  # of a part: with 20 ms for each, 20 of the function's 60 seconds
PAGE = 100  # messages whose people and replied-to messages are looked up at once: one batch each (DynamoDB quotas)


def export_conversation(request: Request, conversation_id: str, wanted: ExportConversation) -> Export:
    """Returns the export that an earlier try, or an equal request, has begun, or a new one.

    For members, and for moderators of any conversation. Three round trips and the queue's, one less for a retry.
    """
    head = _access(request, conversation_id)
    for _ in conditions.tries():
        asked = exports.recent(request.user_id).at(request.now_ms)
        job = _known(request, conversation_id, wanted, asked)
        if job is None:
            _check_limit(request, asked)
            job = new_job(request, head, wanted.format, asked)
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
        _access(request, job.conversation_id)
    except NotFound:
        raise _no_export() from None
    return job.view(request.now_ms, files.address(job.key) if job.state == "done" else None)


def write_export(wanted: ExportStep, now_ms: int) -> None:
    """Runs a bounded step of an export, and queues the next one.

    After a kill it continues from the row: a part that was stored but not noted is stored again. If two workers race,
    the loser leaves the rest to the winner.
    """
    job = exports.get_job(wanted.export_id)
    if job is None or job.is_over or job.has_expired(now_ms // 1000):
        return
    try:
        job = _moved(job, now_ms)
    except conditions.LostRace:
        return
    if not job.is_over:
        queues.go_on_with(wanted)


def _moved(job: Job, now_ms: int) -> Job:
    """Returns the job after one step, as it is stored; raises LostRace."""
    try:
        if job.upload_id is None:
            file_name = f"{job.conversation_id}.{job.format}"
            upload_id = files.begin(job.key, CONTENT_TYPES[job.format], file_name)
            job = exports.save(job.begun(upload_id, now_ms))
        if not job.is_written:
            part, done = _Part(job).write()
            etag = files.put_part(job.key, _upload_id(job), len(job.parts) + 1, part)
            job = exports.save(job.with_part(etag, part, done, now_ms))
            if not job.is_written:
                return job
        files.complete(job.key, _upload_id(job), job.parts)
    except files.UploadLost:
        return exports.save(job.restarted(now_ms))
    digest = job.sha256
    if digest is None and job.size_bytes <= MAX_HASHED_BYTES:
        digest = files.hashed(job.key)
    return exports.save(job.finished(digest, now_ms))


def _upload_id(job: Job) -> str:
    if job.upload_id is None:
        raise ValueError(f"the upload of {job.export_id} has not begun")
    return job.upload_id


class _Part:
    """The next part of a file: as many messages as it takes to fill one, or all that are left."""

    def __init__(self, job: Job) -> None:
        self._job = job
        head = conversations.head(job.conversation_id)
        if head is None:
            raise access.no_conversation()
        self._head = head
        self._names: dict[str, str | None] = {}
        self._before: Message | None = None
        self._thumbnails = 0

    def write(self) -> tuple[bytes, int]:
        """Returns the part, and the seq of its last message."""
        job = self._job
        part = bytearray() if job.parts else self._top()
        # Some before the first, because a message's layout depends on the one before (a new day, the same sender).
        found = messages.each(job.conversation_id, max(1, job.done + 1 - LOOK_BACK), job.total)
        for page in _pages(found):
            shown = self._seen(page)
            while shown and shown[0].seq <= job.done:
                self._before = shown.pop(0)
            for message, piece in zip(shown, self._pieces(shown), strict=True):
                part += piece
                if len(part) >= PART_BYTES and message.seq < job.total:
                    return bytes(part), message.seq
        part += self._bottom()
        return bytes(part), job.total

    @cached_property
    def _about(self) -> About:
        """Returns what the first and the last part say of the conversation; two round trips or more."""
        head = self._head
        people = head.participants or conversations.member_ids(head.conversation_id, MAX_MEMBERS)
        self._learn(people)
        members = [Person(user_id=user_id, name=self._names[user_id], role=head.role_of(user_id)) for user_id in people]
        return about_export(self._job, self._head, members)

    def _top(self) -> bytearray:
        is_html = self._job.format == "html"
        return bytearray(transcript_html.top(self._about).encode() if is_html else export_line(self._about))

    def _bottom(self) -> bytes:
        return transcript_html.bottom(self._about).encode() if self._job.format == "html" else b""

    def _seen(self, page: Sequence[StoredMessage]) -> list[Message]:
        """Returns messages as the export's owner sees them, without those that they have hidden."""
        job = self._job
        mine = personal_marks.marks_on(job.conversation_id, job.user_id, page[0].seq, page[-1].seq)
        viewer = Viewer(user_id=job.user_id, blocked=self._blocked, marks=mine)
        return [viewer.view(message) for message in page if not viewer.is_hidden(message)]

    @cached_property
    def _blocked(self) -> frozenset[str]:
        """Returns the users whom the export's owner has blocked, if it is a group; one round trip."""
        return frozenset(blocks.blocked_by(self._job.user_id) if self._head.is_group else ())

    def _pieces(self, shown: Sequence[Message]) -> Iterator[bytes]:
        stored = _attachments(shown)
        if self._job.format == "jsonl":
            hashes = {attachment_id: each.sha256 for attachment_id, each in stored.items()}
            yield from (export_line(with_hashes(message, hashes)) for message in shown)
            return
        lines = self._lines(shown)
        self._learn(transcript_html.people_in(lines))
        for line in lines:
            images = self._images(line.message, stored)
            yield transcript_html.article(line, self._names, images).encode()

    def _images(self, message: Message, stored: Mapping[str, StoredAttachment]) -> dict[str, tuple[str, bytes]]:
        """Returns the thumbnails of a message by attachment, with their types; one round trip for each."""
        found = {}
        for attachment in message.attachments:
            each = stored.get(attachment.id)
            if each is None or each.thumbnail_type is None or self._thumbnails == MAX_THUMBNAILS:
                continue
            self._thumbnails += 1
            image = thumbnails.read_thumbnail(each.of_file, MAX_THUMBNAIL_BYTES)
            if image is not None:
                found[attachment.id] = (each.thumbnail_type, image)
        return found

    def _lines(self, shown: Sequence[Message]) -> list[Line]:
        answered = self._answered(shown)
        lines = []
        for message in shown:
            lines.append(Line(message=message, before=self._before, answered=answered.get(message.reply_to or "")))
            self._before = message
        return lines

    def _answered(self, shown: Sequence[Message]) -> dict[str, Message]:
        """Returns the messages that these reply to, by id, without those that the export's owner has hidden.

        One round trip, whatever their number; none if all are among these.
        """
        here = {message.id: message for message in shown}
        elsewhere = {message.reply_to for message in shown if message.reply_to is not None} - here.keys()
        seqs = [ids.split_message_id(message_id, "")[1] for message_id in elsewhere]
        if not seqs:
            return here
        conversation_id, user_id = self._job.conversation_id, self._job.user_id
        found, hidden = in_parallel(
            lambda: messages.some(conversation_id, seqs), lambda: personal_marks.hidden(conversation_id, user_id, seqs)
        )
        viewer = Viewer(user_id=user_id, blocked=self._blocked, marks={})
        return here | {message.message_id: viewer.view(message) for seq, message in found.items() if seq not in hidden}

    def _learn(self, user_ids: Iterable[str]) -> None:
        """Looks up the names that are still unknown."""
        new = [user_id for user_id in user_ids if user_id not in self._names]
        if new:
            self._names |= conversations.names(new)


def _attachments(shown: Sequence[Message]) -> dict[str, StoredAttachment]:
    """Returns the attachments of messages as they are stored, without those that are gone.

    One round trip for 100; none if there are no attachments.
    """
    wanted = [attachment.id for message in shown for attachment in message.attachments]
    if not wanted:
        return {}
    rows = batches.read_rows({tables.File: [attachments.key(each) for each in wanted]})
    return {each: found for each, found in attachments.readable(rows, wanted).items() if found.state == "clean"}


def _pages(found: Iterator[StoredMessage]) -> Iterator[list[StoredMessage]]:
    while page := list(islice(found, PAGE)):
        yield page


def _entry(request: Request, job: Job) -> Entry | None:
    """Returns the audit log's entry for a moderator's export."""
    if not moderators.is_moderator(request.caller.role):
        return None
    details = {"export_id": job.export_id, "format": job.format}
    return audit.new_entry(request, "export_conversation", job.conversation_id, **details)


def _access(request: Request, conversation_id: str) -> Head:
    """Returns the head of a conversation to its members and to moderators; one round trip."""
    if not moderators.is_moderator(request.caller.role):
        return access.access_conversation(request, conversation_id)
    ids.check_conversation_id(conversation_id, access.field_of(request, "conversation_id"))
    head = conversations.head(conversation_id)
    if head is None:
        raise access.no_conversation()
    return head


def _known(request: Request, conversation_id: str, wanted: ExportConversation, asked: Recent) -> Job | None:
    """Returns the job that the same `client_id` has begun, or a running one for the same file."""
    earlier = asked.by_client_id(wanted.client_id)
    if earlier is not None:
        if (earlier.conversation_id, earlier.format) != (conversation_id, wanted.format):
            raise Unprocessable(
                "client_id_reused",
                "This client_id was used for another export.",
                fields=(Field(f"{request.field_prefix}/client_id", "client_id_reused"),),
            )
        return exports.get_job(earlier.export_id)
    same = asked.of(conversation_id, wanted.format)
    found = exports.some(same).values() if same else ()
    return next((job for job in found if job.is_under_way(request.now_ms)), None)


def _check_limit(request: Request, asked: Recent) -> None:
    free_in_ms = asked.free_in_ms(request.now_ms)
    if free_in_ms:
        raise TooMany(
            "too_many_exports",
            f"You have asked for {MAX_RECENT} exports within 24 hours.",
            rule="exports",
            retry_after_ms=free_in_ms,
        )


def _no_export() -> NotFound:
    """Returns the refusal for an export that is not there, or not the caller's: the caller cannot tell which."""
    return NotFound("export_not_found", "There is no such export.")
