"""The end of an attachment: it leaves its message or was never sent, and its file is deleted if nothing else shows it.

Everything here may happen twice. The row goes last, so a process that dies leaves enough for the next one.
"""

from collections.abc import Callable

from msgspec.structs import replace

from parley.adapters.attachments import files, lives, quarantine
from parley.adapters.dynamodb import conditions
from parley.domain.api.outbox import OutboxEntry
from parley.domain.attachments import retention
from parley.domain.attachments.attachment import FORM_S, StoredAttachment
from parley.domain.attachments.usage import Usage


def release(attachment_id: str, seq: int, now_ms: int) -> None:
    """Takes an attachment from the message of that seq; does nothing if that was done before.

    Six calls, three of them for the file; one more if another attachment shows it, or if it was still counted.
    """
    for _ in conditions.tries():
        attachment = lives.read_attachment(attachment_id)
        if attachment is None or attachment.seq != seq:
            return
        try:
            end(attachment, now_ms)
        except conditions.LostRace:
            continue
        return
    raise conditions.busy()


def discard(attachment: StoredAttachment, now_ms: int, entry: OutboxEntry, tell: Callable[[], None]) -> None:
    """Ends an attachment that was not sent, and deletes its upload and its file; raises LostRace.

    Its row stays for `FORM_S`, so a repeat finds it, and no request with the same `client_id` takes its id while its
    form is valid. The sweep that deletes the row then finishes what a process that died has left.
    """
    if attachment.state != "deleted":
        usage = _usage_without(attachment, now_ms) if attachment.is_counted else None
        after = replace(retention.deleted(attachment), refs=0)
        until_s = now_ms // 1000 + FORM_S
        lives.release(attachment, after, None, usage=usage, entry=entry, now_ms=now_ms, sweep_at_s=until_s)
    quarantine.delete(attachment.attachment_id)
    files.delete(attachment.attachment_id)
    tell()


def _usage_without(attachment: StoredAttachment, now_ms: int) -> Usage:
    """Returns the uploader's usage without an attachment that is discarded; one round trip."""
    usage = lives.read_usage(attachment.user_id)
    return usage.without() if attachment.state == "pending" else usage.wasting(now_ms)


def end(
    attachment: StoredAttachment,
    now_ms: int,
    entry: OutboxEntry | None = None,
    tell: Callable[[], None] | None = None,
) -> None:
    """Ends an attachment as it was read, with an entry of the outbox if nothing else tells of it; raises LostRace.

    `tell` is called before the row is deleted, so a process that dies before it leaves the row to the next one.
    """
    detach(attachment, now_ms, entry, tell)
    if attachment.file_id is not None:
        lives.forget(attachment)


def detach(
    attachment: StoredAttachment,
    now_ms: int,
    entry: OutboxEntry | None = None,
    tell: Callable[[], None] | None = None,
) -> None:
    """Does the same, and leaves the row of an attachment that shows another one's file; raises LostRace."""
    file = attachment if attachment.file_id is None else lives.read_attachment(attachment.file_id)
    if attachment.state != "deleted":
        file = _write(attachment, file, now_ms, entry)
    if tell is not None:
        tell()
    if file is None or file.refs == 0:
        files.delete(attachment.of_file)
        if file is not None:
            lives.forget(file)


def _write(
    attachment: StoredAttachment, file: StoredAttachment | None, now_ms: int, entry: OutboxEntry | None
) -> StoredAttachment | None:
    """Writes that the attachment is deleted; returns the attachment of the file with one reference less."""
    usage = lives.read_usage(attachment.user_id).without() if attachment.is_counted else None
    after = retention.deleted(attachment)
    if attachment.file_id is None:
        file = after = replace(after, refs=after.refs - 1)
        lives.release(attachment, after, None, usage=usage, entry=entry, now_ms=now_ms)
        return file
    if file is not None:
        file = replace(file, refs=file.refs - 1)
    lives.release(attachment, after, file, usage=usage, entry=entry, now_ms=now_ms)
    return file
