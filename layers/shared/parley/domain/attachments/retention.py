"""The times until which attachments and their files are kept, and what remains of a deleted one."""

from msgspec.structs import replace

from parley.domain.attachments.attachment import FORM_S, UNSENT_S, StoredAttachment

DAY_S = 24 * 3600
SCAN_S = 3600  # after the end of the upload's form, in which a scan ends or a virus scanner sends its verdict
_CONTENT = ("code", "fingerprint", "width", "height", "duration_ms", "pages") + (
    "waveform",
    "placeholder",
    "thumbnail_type",
    "sha256",
    "examined_etag",
)


def unsent_until_s(attachment: StoredAttachment) -> int:
    """Returns until when an attachment may wait to be sent."""
    return attachment.created_at_ms // 1000 + UNSENT_S


def is_overdue(attachment: StoredAttachment, now_s: int) -> bool:
    """Says whether the scan of an attachment should have ended: a verdict is missing, or the scanner fails."""
    return attachment.state == "scanning" and now_s >= _scanned_by_s(attachment)


def next_look_s(attachment: StoredAttachment, now_s: int) -> int:
    """Returns when the sweep looks at an unsent attachment again: at its end, and hourly if its scan is overdue."""
    if attachment.state != "scanning":
        return unsent_until_s(attachment)
    overdue_s = _scanned_by_s(attachment)
    return min(unsent_until_s(attachment), overdue_s if now_s < overdue_s else now_s + SCAN_S)


def _scanned_by_s(attachment: StoredAttachment) -> int:
    return attachment.created_at_ms // 1000 + FORM_S + SCAN_S


def kept_until_s(attachment: StoredAttachment, retention_days: int) -> int | None:
    """Returns when the file of a sent attachment may go; None if it is kept.

    The days begin when the upload could be sent for the last time. So no file goes before its message is that old.
    """
    return unsent_until_s(attachment) + retention_days * DAY_S if retention_days else None


def files_since_ms(now_ms: int, retention_days: int) -> int:
    """Returns the time of the youngest messages whose files are shown as deleted; 0 if files are kept."""
    return now_ms - retention_days * DAY_S * 1000 if retention_days else 0


def deleted(attachment: StoredAttachment) -> StoredAttachment:
    """Returns the attachment without its content. Its row remains as long as other attachments show its file."""
    return replace(attachment.moved("deleted", **dict.fromkeys(_CONTENT)), name="", is_counted=False)


def changes(attachment: StoredAttachment) -> dict[str, object]:
    """Returns the values that differ between a deleted attachment and what it was."""
    return {name: getattr(attachment, name) for name in ("state", "version", "name", "is_counted", *_CONTENT)}
