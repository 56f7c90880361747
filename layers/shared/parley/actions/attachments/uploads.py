"""Asking for an upload: the attachment's row, and the form with which the client uploads to S3."""

from collections.abc import Callable, Iterable

from parley.actions import access
from parley.actions.people import may_open
from parley.adapters.attachments import attachments, limits, quarantine
from parley.adapters.conversations import conversations
from parley.adapters.dynamodb import batches, conditions, tables
from parley.domain.api import ids
from parley.domain.api.errors import Field, Invalid, client_id_reused
from parley.domain.api.outbox import OutboxEntry
from parley.domain.api.request import Request
from parley.domain.api.requests import CreateAttachment, CreateAttachmentForUser
from parley.domain.api.times import rfc3339
from parley.domain.api.types import AttachmentLimits, AttachmentUpload, UploadForm
from parley.domain.attachments.attachment import StoredAttachment, attachment_id, fingerprint
from parley.domain.attachments.file_names import safe_name
from parley.domain.attachments.media_types import canonical, kind_of
from parley.domain.attachments.usage import size_text
from parley.domain.conversations import rights

Reads = dict[type[tables.Table], Iterable[batches.Key]]


def create_attachment(
    request: Request, conversation_id: str, wanted: CreateAttachment
) -> tuple[AttachmentUpload, bool]:
    """Returns an attachment of the caller with the form of its upload, and whether this call made it.

    A user who may send messages in a conversation may upload there. Two round trips, and two more for each lost race.
    """
    ids.check_conversation_id(conversation_id, access.field_of(request, "conversation_id"))
    return _create_there(request, conversation_id, wanted)


def _create_there(
    request: Request, conversation_id: str, wanted: CreateAttachment, *, may_be_new: bool = False
) -> tuple[AttachmentUpload, bool]:
    """Does the work of `create_attachment`; with `may_be_new` the conversation need not exist."""
    reads: Reads = {
        tables.Conversation: [(conversation_id,)],
        tables.Membership: [(request.user_id, conversation_id)],
    }

    def check(rows: batches.Rows) -> None:
        known = conversations.head_of(rows, conversation_id)
        if known is None and may_be_new:
            return
        head = access.admit(request, known, conversations.membership_of(rows, request.user_id, conversation_id))
        rights.require(head, request.user_id, "send_message")

    return _create(request, _wished(request, conversation_id, wanted), reads, check)


def create_attachment_for_user(request: Request, wanted: CreateAttachmentForUser) -> tuple[AttachmentUpload, bool]:
    """Returns an attachment for a direct conversation or a ticket, and whether this call made it.

    Neither need exist. A user who may open it may upload; if it exists, a user who may send messages there. Two round
    trips, and two more for each lost race.
    """
    if wanted.user_id is None:
        # The id of a ticket follows from its opener and their `client_id`, as a direct conversation's from the two.
        ticket_id = ids.ticket_id(request.user_id, _check_ticket(request, wanted))
        return _create_there(request, ticket_id, wanted, may_be_new=True)
    _check_direct(request, wanted)
    wish = may_open.opening(request, wanted.user_id, wanted.context)

    def check(rows: batches.Rows) -> None:
        head = wish.open_one(request, rows)
        if head is None:
            wish.decide(request, rows)
        else:
            rights.require(head, request.user_id, "send_message")

    return _create(request, _wished(request, wish.conversation_id, wanted), wish.reads(request), check)


def _check_ticket(request: Request, wanted: CreateAttachmentForUser) -> str:
    """Returns the `client_id` of the ticket that a file is for; refuses a request that names neither it nor a user."""
    if wanted.purpose is None:
        detail = 'A file needs a `user_id`, or `for`: "ticket" and a `ticket_client_id`.'
        raise Invalid.field(f"{request.field_prefix}/user_id", "required", detail)
    if wanted.context is not None:
        raise Invalid.field(f"{request.field_prefix}/context", "contradiction", "The ticket itself has the context.")
    if wanted.ticket_client_id is None:
        detail = "A file for a ticket needs the `client_id` with which you will open the ticket."
        raise Invalid.field(f"{request.field_prefix}/ticket_client_id", "required", detail)
    return wanted.ticket_client_id


def _check_direct(request: Request, wanted: CreateAttachmentForUser) -> None:
    """Refuses the fields of a ticket beside a `user_id`."""
    given = {"for": wanted.purpose, "ticket_client_id": wanted.ticket_client_id}
    fields = tuple(
        Field(f"{request.field_prefix}/{name}", "contradiction") for name, value in given.items() if value is not None
    )
    if fields:
        raise Invalid("invalid_request", "A file is for a `user_id` or for a ticket.", fields=fields)


def create_for(
    request: Request,
    conversation_id: str,
    wanted: CreateAttachment,
    reads: Reads,
    check: Callable[[batches.Rows], None],
) -> tuple[AttachmentUpload, bool]:
    """Returns an attachment of the request's user for a conversation that `check` knows, and whether this call made it.

    `check` gets the rows of `reads`, and refuses. Two round trips, and two more for each lost race.
    """
    return _create(request, _wished(request, conversation_id, wanted), reads, check)


def _create(
    request: Request, wished: StoredAttachment, reads: Reads, check: Callable[[batches.Rows], None]
) -> tuple[AttachmentUpload, bool]:
    """Writes an attachment, or finds the first try's; `check` gets the rows of `reads`, and refuses."""
    of_files = [attachments.key(wished.attachment_id), attachments.usage_key(request.user_id)]
    for _ in conditions.tries():
        rows = batches.read_rows({**reads, tables.File: of_files})
        check(rows)
        earlier = attachments.attachment_of(rows, wished.attachment_id)
        if earlier is not None:
            return _again(request, earlier, wished), False
        try:
            _add(request, rows, wished)
        except conditions.LostRace:
            continue
        return _upload(request, wished), True
    raise conditions.busy()


def _wished(request: Request, conversation_id: str, wanted: CreateAttachment) -> StoredAttachment:
    """Returns the attachment that a request asks for; refuses types and sizes that may not be attached."""
    most = limits.current()
    type = canonical(wanted.type)
    _check(request, most, type, wanted.size)
    name = safe_name(wanted.name)
    return StoredAttachment(
        attachment_id=attachment_id(request.user_id, conversation_id, wanted.client_id or f"#{request.request_id}"),
        user_id=request.user_id,
        conversation_id=conversation_id,
        name=name,
        type=type,
        size=wanted.size,
        kind=kind_of(type),
        state="pending",
        version=1,
        created_at_ms=request.now_ms,
        fingerprint=fingerprint(name, type, wanted.size),
        is_counted=True,
    )


def _check(request: Request, most: AttachmentLimits, type: str, size: int) -> None:
    if type not in most.types:
        detail = "Files of this type cannot be attached."
        raise Invalid.field(f"{request.field_prefix}/type", "type_not_allowed", detail)
    if size > most.bytes:
        detail = f"An attachment has at most {size_text(most.bytes)}."
        raise Invalid.field(f"{request.field_prefix}/size", "too_large", detail, most.bytes)


def _add(request: Request, rows: batches.Rows, wished: StoredAttachment) -> None:
    usage = attachments.usage_of(rows, request.user_id)
    if request.is_limited:
        usage = usage.with_upload(wished.size, request.now_ms, limits.current())
    else:
        usage = usage.counted(wished.size, request.now_ms)
    attachments.add(wished, usage, moved_entry(wished, request.now_ms))


def moved_entry(attachment: StoredAttachment, now_ms: int) -> OutboxEntry:
    """Returns the outbox's entry of an attachment's new state.

    It does not name the uploader: an erasure finds the rows of attachments, and no entries of those that are gone.
    """
    about = {
        "state": attachment.state,
        "conversation_id": attachment.conversation_id,
        "code": attachment.code,
    }
    return OutboxEntry(
        kind="attachment",
        id=attachment.attachment_id,
        number=attachment.version,
        at_ms=now_ms,
        about={name: value for name, value in about.items() if value is not None},
    )


def _again(request: Request, earlier: StoredAttachment, wished: StoredAttachment) -> AttachmentUpload:
    # A deleted attachment, which remains for its forwards, has no fingerprint any more.
    if earlier.fingerprint not in (wished.fingerprint, None):
        raise client_id_reused("attachment", request.field_prefix)
    return _upload(request, earlier)


def _upload(request: Request, attachment: StoredAttachment) -> AttachmentUpload:
    """Returns the answer: with a form, which ends when the first one does, as long as no file has arrived."""
    shown = attachment.view(request.now_ms)
    left_s = (attachment.form_ends_at_ms - request.now_ms) // 1000
    if attachment.state != "pending" or left_s < 1:
        return AttachmentUpload(attachment=shown, upload=None)
    url, fields = quarantine.form(attachment.attachment_id, attachment.type, attachment.size, left_s)
    form = UploadForm(url=url, fields=fields, expires_at=rfc3339(attachment.form_ends_at_ms))
    return AttachmentUpload(attachment=shown, upload=form)
