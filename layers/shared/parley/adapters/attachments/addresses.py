"""Addresses of clean files and their thumbnails, at which a client gets the bytes from S3 without a token."""

from typing import Any

from parley.adapters import environment
from parley.adapters.dynamodb import clients
from parley.domain.attachments.attachment import StoredAttachment
from parley.domain.attachments.file_names import content_disposition, with_extension
from parley.domain.attachments.media_types import extension_of, may_be_inline
from parley.domain.previews import pictures

URL_S = 60  # for which an address is valid


def file_url(attachment: StoredAttachment) -> str:
    """Returns the address of a clean file for `URL_S` seconds; no round trip.

    S3 sends the file under its Unicode name and with the type that the scanner has verified.
    """
    disposition = content_disposition(attachment.name, inline=may_be_inline(attachment.type))
    return _url(f"files/{attachment.of_file}", attachment.type, disposition)


def thumbnail_url(attachment: StoredAttachment) -> str | None:
    """Returns the address of the thumbnail for `URL_S` seconds, or None if there is none; no round trip."""
    content_type = attachment.thumbnail_type
    if content_type is None:
        return None
    name = with_extension(attachment.name, extension_of(content_type))
    return _url(f"thumbnails/{attachment.of_file}", content_type, content_disposition(name, inline=True))


def picture_url(conversation_id: str, seq: int, picture_id: str) -> str:
    """Returns the address of a preview's picture for `URL_S` seconds; no round trip. S3 keeps its type."""
    return _url(pictures.key(conversation_id, seq, picture_id), None, "inline")


def _url(key: str, content_type: str | None, disposition: str) -> str:
    asked: dict[str, Any] = {
        "Bucket": environment.required("ATTACHMENTS_BUCKET"),
        "Key": key,
        **({} if content_type is None else {"ResponseContentType": content_type}),
        "ResponseContentDisposition": disposition,
        # No proxy may keep a private file; the browser may show it again while its address is valid.
        "ResponseCacheControl": f"private, max-age={URL_S}",
    }
    return str(clients.s3().generate_presigned_url("get_object", Params=asked, ExpiresIn=URL_S))
