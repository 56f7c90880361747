"""An attachment as it is stored, and its states.

    pending ── the upload arrived ──> scanning ──> clean ──> (sent in a message) ──> deleted
       │                                 ├───────> rejected
       │ nothing arrived in time         └───────> infected
       └──────────────────────> expired

Each change of state is one conditional write with the next `version`, and tells the uploader's devices. `expired` is
not stored until the sweep deletes the row: a reader computes it from the times.
"""

from base64 import b32encode
from hashlib import sha256
from typing import Any, Literal
from zlib import crc32

from msgspec import Struct
from msgspec.structs import replace

from parley.domain.api.times import rfc3339
from parley.domain.api.types import Attachment, AttachmentKind, AttachmentState, MessageAttachment

FORM_S = 15 * 60  # for which a form of an upload is valid
ARRIVAL_S = 5 * 60  # after the form's end in which S3's event of an upload may come
UNSENT_S = 24 * 3600  # for which an attachment may wait to be sent
SHARDS = 4  # of the sweep's index: each takes 1,000 writes a second (DynamoDB quotas), so 4,000 uploads a second

Stored = Literal["pending", "scanning", "clean", "rejected", "infected", "deleted"]
PLACES = 100  # for each message among the places of a gallery: more than a message can carry
FINAL: frozenset[Stored] = frozenset({"rejected", "infected", "deleted"})


class StoredAttachment(Struct, frozen=True, kw_only=True):
    """An attachment: the request for an upload, what the scanner found, and the message that carries it.

    `file_id` is the attachment whose file it shows; another one's, if a message was forwarded. `refs` counts the
    attachments that show this one's file. Times are in milliseconds or seconds since the epoch.
    """

    attachment_id: str
    user_id: str  # the uploader, or the user who forwarded it
    conversation_id: str
    name: str
    type: str  # as declared, until the scanner has verified it
    size: int  # likewise, in bytes
    kind: AttachmentKind
    state: Stored
    version: int  # of the state; the first is 1
    created_at_ms: int
    code: str | None = None  # why it was rejected
    fingerprint: str | None = None  # of the request, if it had a client_id
    file_id: str | None = None
    refs: int = 1
    seq: int | None = None  # of the message that carries it
    position: int = 0  # in that message
    is_counted: bool = False  # among its owner's unsent ones (`usage.py`)
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    pages: int | None = None
    waveform: str | None = None  # 64 peaks, two hexadecimal digits each, 00 to 64
    placeholder: str | None = None
    thumbnail_type: str | None = None
    sha256: str | None = None
    examined_etag: str | None = None  # of the upload whose examination a verdict has begun, until that has ended
    sweep_at_s: int | None = None

    @property
    def of_file(self) -> str:
        """Returns the id of the attachment whose file this one shows."""
        return self.file_id or self.attachment_id

    @property
    def form_ends_at_ms(self) -> int:
        return self.created_at_ms + FORM_S * 1000

    def state_at(self, now_ms: int) -> AttachmentState:
        """Returns the state as the uploader sees it; deleted ones are `expired`."""
        if self.state == "deleted" or self.seq is None and now_ms >= self.created_at_ms + UNSENT_S * 1000:
            return "expired"
        if self.state == "pending" and now_ms >= self.form_ends_at_ms + ARRIVAL_S * 1000:
            return "expired"
        return self.state

    def moved(self, state: Stored, **found: Any) -> "StoredAttachment":
        """Returns the attachment in its next state."""
        return replace(self, state=state, version=self.version + 1, **found)

    def view(self, now_ms: int) -> Attachment:
        """Returns the attachment as its uploader sees it."""
        return Attachment(
            **self._shown(),
            conversation_id=self.conversation_id,
            state=self.state_at(now_ms),
            code=self.code,
            message_id=None if self.seq is None else f"{self.conversation_id}.{self.seq}",
            created_at=rfc3339(self.created_at_ms),
        )

    def in_message(self) -> MessageAttachment:
        """Returns the attachment as a message shows it."""
        return MessageAttachment(**self._shown())

    def _shown(self) -> dict[str, Any]:
        same = ("name", "type", "size", "kind", "width", "height", "duration_ms", "pages", "placeholder")
        return {name: getattr(self, name) for name in same} | {
            "id": self.attachment_id,
            "waveform": None if self.waveform is None else list(bytes.fromhex(self.waveform)),
            "has_thumbnail": self.thumbnail_type is not None,
        }


def attachment_id(user_id: str, conversation_id: str, nonce: str) -> str:
    """Returns the id of a new attachment.

    The same `nonce` gives the same attachment again, so a retry makes no second one.
    """
    digest = sha256("\n".join((user_id, conversation_id, nonce)).encode()).digest()[:16]
    return "a_" + b32encode(digest).decode().rstrip("=").lower()


def shard(attachment_id: str) -> str:
    """Returns an attachment's part of the sweep's index."""
    return str(crc32(attachment_id.encode()) % SHARDS)


def fingerprint(name: str, type: str, size: int) -> str:
    """Returns the hash of a request, which tells two requests under one `client_id` apart."""
    return sha256("\n".join((name, type, str(size))).encode()).hexdigest()[:32]
