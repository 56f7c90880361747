"""Files of an import: asked for in the name of their senders, examined like any upload, carried by messages."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from parley.actions import access
from parley.actions.attachments import uploads
from parley.actions.people import profiles
from parley.adapters.attachments import attachments
from parley.adapters.dynamodb import batches, tables
from parley.adapters.live import queues
from parley.adapters.moving import import_rows
from parley.adapters.people import erased_people
from parley.domain.api import ids
from parley.domain.api.errors import Field, Invalid, NotFound
from parley.domain.api.request import Request
from parley.domain.api.types import AttachmentUpload
from parley.domain.attachments.sending import check_ids, check_sendable, check_voice
from parley.domain.attachments.steps import AttachmentStep
from parley.domain.conversations.message import StoredMessage
from parley.domain.erasure import job
from parley.domain.moving import imports
from parley.domain.moving.requests import MAX_FILES, ImportAttachment, ImportedMessage


def import_attachment(
    request: Request, conversation_id: str, wanted: ImportAttachment
) -> tuple[AttachmentUpload, bool]:
    """Returns an attachment of a sender's with the form of its upload, and whether this call made it.

    A repeat says how far the scanner is. Two round trips, and two more for each lost race.
    """
    profiles.require_service(request, "import files", "POST /migration/conversations")
    ids.check_conversation_id(conversation_id, "{conversation_id}")
    reads: uploads.Reads = {
        tables.Conversation: [(conversation_id,)],
        tables.User: [(wanted.user_id,)],
        tables.Erasure: [(erased_people.key(wanted.user_id),)],
    }

    def check(rows: batches.Rows) -> None:
        known = import_rows.import_of(rows, conversation_id)
        if known is None:
            raise access.no_conversation()
        imports.check_run(known, wanted.run)
        if not known.is_hidden:
            raise imports.is_live()
        if erased_people.is_marked(rows, wanted.user_id):
            raise job.nobody("/user_id")
        if not rows.has(tables.User, wanted.user_id):
            raise NotFound("unknown_user", "There is no such user.", fields=(Field("/user_id", "not_allowed"),))

    return uploads.create_for(request.in_name_of(wanted.user_id), conversation_id, wanted, reads, check)


def keys_of(messages: Sequence[ImportedMessage]) -> list[batches.Key]:
    """Returns the keys of the attachments of messages; raises Invalid for too many, or one that comes twice."""
    wanted = [attachment_id for message in messages for attachment_id in message.attachment_ids]
    if len(wanted) > MAX_FILES:
        detail = f"One request can carry {MAX_FILES} attachments; send fewer messages at once."
        raise Invalid("invalid_request", detail, fields=(Field("/messages", "too_many_items", MAX_FILES),))
    for place, message in enumerate(messages):
        check_ids(message.attachment_ids, f"/messages/{place}/attachment_ids", len(message.attachment_ids))
    if len(set(wanted)) < len(wanted):
        raise Invalid.field("/messages", "repeated", "An attachment can be in a message once only.")
    return [attachments.key(attachment_id) for attachment_id in wanted]


def with_files(
    rows: batches.Rows, wanted: Sequence[ImportedMessage], read: Sequence[StoredMessage], now_ms: int
) -> list[StoredMessage]:
    """Returns messages with their attachments, which must be the sender's own, of this conversation, and clean.

    Also if they are in this very message already, as a try that died has left them.
    """
    return [
        _with_files(rows, each.attachment_ids, message, f"/messages/{place}/attachment_ids", now_ms)
        for place, (each, message) in enumerate(zip(wanted, read, strict=True))
    ]


def _with_files(
    rows: batches.Rows, attachment_ids: Sequence[str], message: StoredMessage, pointer: str, now_ms: int
) -> StoredMessage:
    if not attachment_ids or message.deleted_at_ms is not None:
        return message
    found = {
        attachment_id: replace(each, seq=None, created_at_ms=now_ms) if each.seq == message.seq else each
        for attachment_id, each in attachments.readable(rows, attachment_ids).items()
    }
    carried = check_sendable(
        attachment_ids,
        found,
        user_id=message.sender_id,
        conversation_id=message.conversation_id,
        now_ms=now_ms,
        pointer=pointer,
    )
    if message.kind == "voice":
        check_voice(carried[0], pointer, None)  # the other system had its own limit
    return replace(message, attachments=tuple(each.in_message() for each in carried))


def settle(messages: Iterable[StoredMessage]) -> None:
    """Queues what follows messages with attachments: the gallery, and the count of unsent ones. One call for ten."""
    steps = [
        AttachmentStep(
            kind="sent",
            conversation_id=message.conversation_id,
            seq=message.seq,
            attachment_ids=tuple(each.id for each in message.attachments),
        )
        for message in messages
        if message.attachments
    ]
    if steps:
        queues.settle_on(steps)
