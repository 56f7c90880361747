"""The export of a conversation into a file: the request, the job's progress, and the lines of JSON.

The file is an S3 multipart upload, one part a step. So a job of any size takes bounded steps and continues where it
stopped. `exports.transcript_html` writes the HTML file, `exports.archive` has the state of a ZIP archive with files.
"""

from base64 import b32encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import asdict, replace

from parley.domain.api.custom_data import from_compact
from parley.domain.api.request import Request
from parley.domain.api.requests import ExportConversation, ExportSearch
from parley.domain.api.times import rfc3339
from parley.domain.api.types import Context, Message, MessageAttachment
from parley.domain.conversations.head import Head
from parley.domain.conversations.search import Bounds
from parley.domain.exports.archive import Archive, Placed, Sum

ExportFormat = Literal["jsonl", "html"]
ExportState = Literal["queued", "running", "done", "failed"]

KEPT_S = 7 * 24 * 3600  # the bucket's lifecycle rule (template.yaml, ExportFiles) takes files a day later
URL_S = 300
# A step is tried five times, six minutes apart (template.yaml, ExportSteps); a job without a move for longer than
# that has died.
STALLED_MS = 45 * 60_000
# S3 takes parts of 5 MiB and more, the last one excepted, and 10,000 of them (S3 quotas): files of up to 50 GB.
PART_BYTES = 5 * 1024 * 1024
MAX_RESTARTS = 3  # tries of a job whose parts S3 no longer knows
# One step reads the whole file to hash it: 500 MB take Lambda some 20 of its 60 seconds.
MAX_HASHED_BYTES = 500_000_000
MAX_MEMBERS = 2_000  # people whom a file lists: the largest group
MAX_HITS = 10_000  # messages of a search that one file holds
MAX_RECENT = 20  # exports that one person may ask for in 24 hours
RECENT_MS = 24 * 3_600_000

CONTENT_TYPES: Mapping[ExportFormat, str] = {
    "jsonl": "application/jsonl; charset=utf-8",
    "html": "text/html; charset=utf-8",
}
TRANSCRIPT_NAMES: Mapping[ExportFormat, str] = {"jsonl": "messages.jsonl", "html": "index.html"}  # in an archive


class ExportProgress(Struct, frozen=True, kw_only=True):
    """The number of the conversation's messages that are done, and of all its messages.

    Of a search: the number of messages found, and of those that the file can hold; at the end the number found, twice.
    """

    done: int
    total: int


class Export(Struct, frozen=True, kw_only=True):
    """A file made of a conversation, or in the making. `url` comes at its end, and is good until `url_expires_at`.

    With `files` it is a ZIP archive. Files over 500 MB have no `sha256`. That of a search has no `conversation_id`.
    """

    id: str
    conversation_id: str | None
    format: ExportFormat
    files: bool
    state: ExportState
    progress: ExportProgress
    created_at: str
    expires_at: str
    size_bytes: int | None
    sha256: str | None
    url: str | None
    url_expires_at: str | None


class Searched(Struct, frozen=True, kw_only=True):
    """The search whose hits a job exports: a person's messages with these words, between two times.

    `role` is that of the moderator who asked, `cursor` the place where the search continues.
    """

    q: str
    user_id: str
    since_ms: int
    until_ms: int
    role: str
    cursor: str | None = None

    @property
    def bounds(self) -> Bounds:
        """Returns the messages that may be among the hits."""
        return Bounds(sender_id=self.user_id, since_ms=self.since_ms, until_ms=self.until_ms)


class Job(Struct, frozen=True, kw_only=True):
    """An export as it is stored. `revision` counts its moves: of two steps at once, one loses."""

    export_id: str
    user_id: str
    conversation_id: str
    format: ExportFormat
    total: int  # the conversation's last_seq at the time of the request
    first_seq: int = 1  # likewise the first message that the owner saw
    created_at_ms: int
    moved_at_ms: int
    expires_at_s: int
    revision: int = 0
    state: ExportState = "queued"
    done: int = 0
    upload_id: str | None = None
    parts: tuple[str, ...] = ()  # their ETags
    size_bytes: int = 0
    sha256: str | None = None
    restarts: int = 0
    files: bool = False
    archive: Archive | None = None  # of a job with files, or of a search, until it is done
    search: Searched | None = None

    @property
    def file_name(self) -> str:
        """Returns the name under which a browser saves the file."""
        name = self.conversation_id if self.search is None else "search"
        return f"{name}.{'zip' if self.files else self.format}"

    @property
    def content_type(self) -> str:
        return "application/zip" if self.files else CONTENT_TYPES[self.format]

    @property
    def transcript_name(self) -> str:
        """Returns the name of the transcript within an archive."""
        return TRANSCRIPT_NAMES[self.format]

    @property
    def key(self) -> str:
        """Returns the name of the file in the bucket."""
        return f"{self.export_id}/{self.file_name}"

    @property
    def begun_upload_id(self) -> str:
        """Returns the id of the upload, which must have begun."""
        if self.upload_id is None:
            raise ValueError(f"the upload of {self.export_id} has not begun")
        return self.upload_id

    @property
    def searched(self) -> Searched:
        """Returns the search, which the job must have."""
        if self.search is None:
            raise ValueError(f"{self.export_id} exports no search")
        return self.search

    @property
    def is_written(self) -> bool:
        if self.archive is not None:
            return self.archive.phase == "whole"
        return bool(self.parts) and self.done >= self.total

    @property
    def is_over(self) -> bool:
        return self.state in ("done", "failed")

    def has_expired(self, now_s: int) -> bool:
        return self.expires_at_s <= now_s

    def state_at(self, now_ms: int) -> ExportState:
        """Returns the state; `failed` also if the job has died without a word."""
        if not self.is_over and now_ms >= self.moved_at_ms + STALLED_MS:
            return "failed"
        return self.state

    def is_under_way(self, now_ms: int) -> bool:
        return self.state_at(now_ms) in ("queued", "running")

    def begun(self, upload_id: str, now_ms: int) -> "Job":
        """Returns the job with its upload, which can now take parts."""
        return self._moved(now_ms, upload_id=upload_id, state="running")

    def with_part(self, etag: str, part: bytes, done: int, now_ms: int) -> "Job":
        """Returns the job with one more part, which ends at the message `done`."""
        is_whole = not self.parts and done >= self.total
        return self._moved(
            now_ms,
            parts=(*self.parts, etag),
            done=done,
            size_bytes=self.size_bytes + len(part),
            sha256=sha256(part).hexdigest() if is_whole else None,
        )

    def with_archive(self, archive: Archive, waiting: Sum, done: int, now_ms: int) -> "Job":
        """Returns the job after a step that has made no part; `waiting` are the bytes that it has kept."""
        return self._moved(now_ms, archive=replace(archive, waiting=waiting), done=done)

    def with_archive_part(self, archive: Archive, etag: str, part: bytes | bytearray, done: int, now_ms: int) -> "Job":
        """Returns the job after a step that has made one more part."""
        is_only = not self.parts and archive.phase == "whole"
        return self._moved(
            now_ms,
            archive=replace(archive, waiting=Sum()),
            parts=(*self.parts, etag),
            done=done,
            size_bytes=self.size_bytes + len(part),
            sha256=sha256(part).hexdigest() if is_only else None,
        )

    def finished(self, digest: str | None, now_ms: int) -> "Job":
        """Returns the job at its end."""
        total = self.total if self.search is None else self.done
        return self._moved(now_ms, state="done", sha256=digest, upload_id=None, parts=(), archive=None, total=total)

    def failed(self, now_ms: int) -> "Job":
        """Returns the job given up."""
        return self._moved(now_ms, state="failed")

    def restarted(self, now_ms: int) -> "Job":
        """Returns the job at its beginning, or failed if it has been tried often enough."""
        return self._moved(
            now_ms,
            state="failed" if self.restarts >= MAX_RESTARTS else "queued",
            restarts=self.restarts + 1,
            upload_id=None,
            parts=(),
            done=0,
            size_bytes=0,
            sha256=None,
            archive=None if self.archive is None else self.archive.restarted(),
            search=None if self.search is None else replace(self.search, cursor=None),
        )

    def view(self, now_ms: int, url: str | None = None) -> Export:
        """Returns the export as its owner sees it; `url` gives the file for `URL_S` seconds from now."""
        is_done = self.state == "done"
        return Export(
            id=self.export_id,
            conversation_id=self.conversation_id if self.search is None else None,
            format=self.format,
            files=self.files,
            state=self.state_at(now_ms),
            progress=ExportProgress(done=self.done, total=self.total),
            created_at=rfc3339(self.created_at_ms),
            expires_at=rfc3339(self.expires_at_s * 1000),
            size_bytes=self.size_bytes if is_done else None,
            sha256=self.sha256 if is_done else None,
            url=url,
            url_expires_at=rfc3339(now_ms + URL_S * 1000) if url else None,
        )

    def _moved(self, now_ms: int, **changes: object) -> "Job":
        return msgspec.structs.replace(self, revision=self.revision + 1, moved_at_ms=now_ms, **changes)


class Asked(Struct, frozen=True, kw_only=True):
    """A person's request of the last 24 hours, kept so that a retry is recognised."""

    export_id: str
    conversation_id: str
    format: ExportFormat
    created_at_ms: int
    client_id: str | None = None
    files: bool = False


class Recent(Struct, frozen=True, kw_only=True):
    """A person's exports of the last 24 hours; `revision` is 0 if no row exists yet."""

    user_id: str
    revision: int = 0
    asked: tuple[Asked, ...] = ()

    def at(self, now_ms: int) -> "Recent":
        """Returns it without the requests older than 24 hours."""
        young = tuple(export for export in self.asked if export.created_at_ms > now_ms - RECENT_MS)
        return msgspec.structs.replace(self, asked=young)

    def by_client_id(self, client_id: str | None) -> Asked | None:
        """Returns the request under a `client_id`."""
        return next((export for export in self.asked if client_id is not None and export.client_id == client_id), None)

    def of(self, conversation_id: str, format: ExportFormat, files: bool) -> list[str]:
        """Returns the ids of the exports of a conversation in a format, with files or without."""
        return [
            export.export_id
            for export in self.asked
            if (export.conversation_id, export.format, export.files) == (conversation_id, format, files)
        ]

    def free_in_ms(self, now_ms: int) -> int:
        """Returns how many ms it takes until the person may ask for one more; 0 for now."""
        if len(self.asked) < MAX_RECENT:
            return 0
        return max(1, min(export.created_at_ms for export in self.asked) + RECENT_MS - now_ms)

    def with_job(self, job: Job, client_id: str | None) -> "Recent":
        """Returns it with one more export."""
        asked = Asked(
            export_id=job.export_id,
            conversation_id=job.conversation_id,
            format=job.format,
            created_at_ms=job.created_at_ms,
            client_id=client_id,
            files=job.files,
        )
        return msgspec.structs.replace(self, revision=self.revision + 1, asked=(*self.asked, asked))


class Person(Struct, frozen=True, kw_only=True):
    """One of the people in a conversation, as the file's first line names them."""

    user_id: str
    name: str | None
    role: str


class About(Struct, frozen=True, kw_only=True):
    """The first line of a JSON Lines file: the subject of the messages below."""

    parley_export: int = 1  # the version of the format
    exported_at: str
    exported_by: str
    message_count: int
    conversation: "AboutConversation"
    members: list[Person]


class AboutConversation(Struct, frozen=True, kw_only=True):
    """The conversation, as far as all members see it alike."""

    id: str
    type: str
    title: str | None
    description: str | None
    context: Context | None
    created_at: str
    custom_type: str | None = None
    metadata: dict[str, Any] | None = None


class ExportStep(Struct, frozen=True, kw_only=True):
    """The queue's message: the export to continue."""

    export_id: str


def export_id_of(
    asked: Recent, conversation_id: str, format: ExportFormat, now_ms: int, *, with_files: bool = False
) -> str:
    """Returns the id of a new export for a person who has `asked` for others before."""
    what = f"{format} with files" if with_files else format
    parts = (asked.user_id, conversation_id, what, str(now_ms), str(asked.revision))
    digest = sha256("\n".join(parts).encode()).digest()
    return "x_" + b32encode(digest[:16]).decode().rstrip("=").lower()


def new_job(request: Request, head: Head, wanted: ExportConversation, asked: Recent) -> Job:
    """Returns the job that exports a conversation up to its present end."""
    return Job(
        export_id=export_id_of(asked, head.conversation_id, wanted.format, request.now_ms, with_files=wanted.files),
        user_id=request.user_id,
        conversation_id=head.conversation_id,
        format=wanted.format,
        files=wanted.files,
        archive=Archive() if wanted.files else None,
        first_seq=head.first_seq,
        total=head.last_seq,
        created_at_ms=request.now_ms,
        moved_at_ms=request.now_ms,
        expires_at_s=request.now_s + KEPT_S,
    )


def search_key(wanted: ExportSearch) -> str:
    """Returns what stands for a search in the place of a conversation's id; no such id holds a `#`."""
    asked = "\n".join([wanted.user_id, wanted.since or "", wanted.to or "", wanted.q])
    return "#" + b32encode(sha256(asked.encode()).digest()[:15]).decode().lower()


def new_search_job(request: Request, key: str, search: Searched, asked: Recent) -> Job:
    """Returns the job that exports the hits of a search, `key`."""
    return Job(
        export_id=export_id_of(asked, key, "jsonl", request.now_ms),
        user_id=request.user_id,
        conversation_id=key,
        format="jsonl",
        archive=Archive(),
        search=search,
        total=MAX_HITS,
        created_at_ms=request.now_ms,
        moved_at_ms=request.now_ms,
        expires_at_s=request.now_s + KEPT_S,
    )


class AboutSearch(Struct, frozen=True, kw_only=True):
    """The first line of a file with the hits of a search."""

    parley_export: int = 1  # the version of the format
    exported_at: str
    exported_by: str
    search: "AboutHits"


class AboutHits(Struct, frozen=True, kw_only=True, rename={"since": "from"}):
    """The search: whose messages, with which words, between which times."""

    q: str
    user_id: str
    since: str
    to: str


def about_search(job: Job) -> AboutSearch:
    """Returns the first line of a file with hits."""
    search = job.searched
    return AboutSearch(
        exported_at=rfc3339(job.created_at_ms),
        exported_by=job.user_id,
        search=AboutHits(
            q=search.q, user_id=search.user_id, since=rfc3339(search.since_ms), to=rfc3339(search.until_ms)
        ),
    )


def about_export(job: Job, head: Head, members: Sequence[Person]) -> About:
    """Returns the first line of a file."""
    return About(
        exported_at=rfc3339(job.created_at_ms),
        exported_by=job.user_id,
        message_count=job.total - job.first_seq + 1,
        conversation=AboutConversation(
            id=head.conversation_id,
            type=head.type,
            title=head.title,
            description=head.description,
            context=head.context,
            created_at=rfc3339(head.created_at_ms),
            custom_type=head.custom_type,
            metadata=from_compact(head.metadata),
        ),
        members=list(members),
    )


class ExportedAttachment(MessageAttachment, frozen=True, kw_only=True, omit_defaults=True):
    """A file of an exported message, with its SHA-256 in hexadecimal; without it if the file is gone.

    In an archive `path` says where the file is; `missing` that it is not there.
    """

    sha256: str | None = None
    path: str | None = None
    missing: bool = False


def with_hashes(message: Message, hashes: Mapping[str, str | None]) -> Message:
    """Returns a message whose attachments have the SHA-256 of their files."""
    exported: list[MessageAttachment] = [
        ExportedAttachment(**asdict(attachment), sha256=hashes.get(attachment.id)) for attachment in message.attachments
    ]
    return replace(message, attachments=exported)


def with_paths(message: Message, placed: Sequence[Placed]) -> Message:
    """Returns a message whose attachments name their files in the archive."""
    exported: list[MessageAttachment] = [
        ExportedAttachment(
            **asdict(attachment), sha256=each.sha256 or None, path=each.path or None, missing=not each.path
        )
        for attachment, each in zip(message.attachments, placed, strict=True)
    ]
    return replace(message, attachments=exported)


def export_line(value: About | AboutSearch | Message) -> bytes:
    """Returns one line of a JSON Lines file: a message as the API shows it, and the hashes of its files."""
    return msgspec.json.encode(value) + b"\n"
