"""Refusals of requests that name an attachment: each state that forbids the act has a code of its own."""

from parley.domain.api.errors import Conflict, NotFound
from parley.domain.attachments.attachment import StoredAttachment

READY_AFTER_MS = 2_000  # a scan of a photo takes about as long
CLEAN_RULE = "only an attachment that was found clean can be sent or downloaded"


def no_attachment() -> NotFound:
    """Returns the refusal for an attachment that is not there, or not the caller's: the caller cannot tell which."""
    return NotFound("attachment_not_found", "There is no such attachment.")


def no_thumbnail() -> NotFound:
    """Returns the refusal for a file that has no thumbnail, such as a text."""
    return NotFound("thumbnail_not_found", "This attachment has no thumbnail.")


def no_preview_image() -> NotFound:
    """Returns the refusal for a message whose preview has no picture, or no more."""
    return NotFound("preview_image_not_found", "The preview of this message has no picture.")


def sent() -> Conflict:
    """Returns the refusal for an attachment of the caller's own that is in a message."""
    detail = "This attachment was sent already."
    return Conflict("attachment_sent", detail, rule="an attachment is sent once")


def not_clean(attachment: StoredAttachment, now_ms: int) -> Conflict | NotFound:
    """Returns the refusal for an attachment of the caller's own that is not clean; it says if waiting does not help."""
    state = attachment.state_at(now_ms)
    if state == "rejected":
        detail = f"This file was checked and refused as `{attachment.code}`."
        return Conflict("attachment_rejected", detail, rule=CLEAN_RULE)
    if state == "infected":
        return Conflict("attachment_infected", "This file contains malware.", rule=CLEAN_RULE)
    if state == "expired":
        return no_attachment()
    if state == "pending" and now_ms >= attachment.form_ends_at_ms:
        detail = "No file came before the form of its upload ended; upload the file again."
        return Conflict("attachment_not_ready", detail, rule=CLEAN_RULE)
    is_here = state != "pending"
    detail = "This file has not been checked yet; try again." if is_here else "No file has come yet; upload it first."
    return Conflict("attachment_not_ready", detail, rule=CLEAN_RULE, retry_after_ms=READY_AFTER_MS)
