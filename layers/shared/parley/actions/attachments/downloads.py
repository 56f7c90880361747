"""Downloading: whether the caller may see an attachment, and the addresses at which S3 gives out its files."""

from collections.abc import Sequence

from msgspec import UNSET

from parley.actions.attachments import visible
from parley.adapters.attachments import addresses, attachments
from parley.adapters.dynamodb import batches, tables, unreadable
from parley.domain.api import ids
from parley.domain.api.request import Request
from parley.domain.api.requests import CreateAttachmentUrls
from parley.domain.api.times import rfc3339
from parley.domain.api.types import (
    AttachmentDownload,
    AttachmentUrlMap,
    AttachmentUrls,
    MessageAttachment,
    PreviewImageUrl,
)
from parley.domain.attachments import refusals
from parley.domain.attachments.attachment import StoredAttachment


def get_attachment(request: Request, attachment_id: str, *, as_json: bool) -> AttachmentDownload | str:
    """Returns the address of a clean file or, `as_json`, the attachment with its addresses; two round trips.

    As JSON its uploader gets it in every state.
    """
    if as_json:
        return _download(request, attachment_id)
    return addresses.file_url(_access_clean(request, attachment_id))


def get_thumbnail(request: Request, attachment_id: str, *, as_json: bool) -> AttachmentDownload | str:
    """Returns the address of the thumbnail of a clean file or, `as_json`, the same as `get_attachment`.

    Raises NotFound if the file has no thumbnail. Two round trips.
    """
    if as_json:
        return _download(request, attachment_id)
    url = addresses.thumbnail_url(_access_clean(request, attachment_id))
    if url is None:
        raise refusals.no_thumbnail()
    return url


def get_preview_image(request: Request, message_id: str, *, as_json: bool) -> PreviewImageUrl | str:
    """Returns the address of the picture of a message's preview, `as_json` with its end; one round trip.

    Raises NotFound for a message that the caller may not read, and for one without such a picture.
    """
    conversation_id, seq = ids.split_message_id(message_id, "{message_id}")
    message = visible.access_message(request, conversation_id, seq)
    preview = None if message is None else message.link_preview
    if preview is None or preview.image is UNSET:
        raise refusals.no_preview_image()
    url = addresses.picture_url(conversation_id, seq, preview.image.id)
    return PreviewImageUrl(url=url, expires_at=_expires_at(request)) if as_json else url


def _download(request: Request, attachment_id: str) -> AttachmentDownload:
    attachment = _access(request, attachment_id)
    is_clean = attachment.state_at(request.now_ms) == "clean"
    return AttachmentDownload(
        attachment=attachment.view(request.now_ms),
        url=addresses.file_url(attachment) if is_clean else None,
        thumbnail_url=addresses.thumbnail_url(attachment) if is_clean else None,
        expires_at=_expires_at(request),
    )


def create_attachment_urls(request: Request, wanted: CreateAttachmentUrls) -> AttachmentUrlMap:
    """Returns the addresses of attachments by id, None for those that the caller may not have.

    Two round trips, whatever their number and however many conversations they belong to.
    """
    rows = batches.read_rows({tables.File: [attachments.key(attachment_id) for attachment_id in wanted.ids]})
    found = attachments.readable(rows, dict.fromkeys(wanted.ids))
    clean = [each for each in found.values() if each.state_at(request.now_ms) == "clean"]
    beside = batches.read_rows(visible.keys(request, clean))
    shown = {each.attachment_id: urls(request, each) for each in clean if _is_shown(request, beside, each)}
    return AttachmentUrlMap(attachments={attachment_id: shown.get(attachment_id) for attachment_id in wanted.ids})


def urls_of(request: Request, shown: Sequence[MessageAttachment]) -> dict[str, AttachmentUrls]:
    """Returns the addresses of those attachments of a message that can be seen, by id; the caller may read it.

    One round trip for 100; none if there are no such attachments.
    """
    attachment_ids = [attachment.id for attachment in shown if not attachment.expired]
    if not attachment_ids:
        return {}
    rows = batches.read_rows({tables.File: [attachments.key(attachment_id) for attachment_id in attachment_ids]})
    found = attachments.readable(rows, attachment_ids)
    return {
        attachment_id: urls(request, each)
        for attachment_id, each in found.items()
        if each.state_at(request.now_ms) == "clean"
    }


def _is_shown(request: Request, rows: batches.Rows, attachment: StoredAttachment) -> bool:
    """Says whether the caller may see an attachment; not if a row that says so cannot be read."""
    try:
        return visible.is_visible(request, rows, attachment)
    except unreadable.ERRORS:
        unreadable.report("Files", [attachment.attachment_id])
        return False


def urls(request: Request, attachment: StoredAttachment) -> AttachmentUrls:
    """Returns the addresses of a clean file and its thumbnail; no round trip."""
    return AttachmentUrls(
        url=addresses.file_url(attachment),
        thumbnail_url=addresses.thumbnail_url(attachment),
        expires_at=_expires_at(request),
    )


def _access_clean(request: Request, attachment_id: str) -> StoredAttachment:
    """Returns an attachment whose file may be given out; raises Conflict for the caller's own that is not clean."""
    attachment = _access(request, attachment_id)
    if attachment.state_at(request.now_ms) != "clean":
        raise refusals.not_clean(attachment, request.now_ms)
    return attachment


def _access(request: Request, attachment_id: str) -> StoredAttachment:
    """Returns an attachment that the caller may see; raises NotFound for all others. Two round trips.

    Only its owner sees an attachment that is not clean, as long as its message is there.
    """
    ids.check_attachment_id(attachment_id, "{attachment_id}")
    attachment = attachments.some_readable([attachment_id]).get(attachment_id)
    if attachment is None:
        raise refusals.no_attachment()
    rows = batches.read_rows(visible.keys(request, [attachment]))
    is_shown = attachment.user_id == request.user_id or attachment.state_at(request.now_ms) == "clean"
    if not is_shown or not visible.is_visible(request, rows, attachment):
        raise refusals.no_attachment()
    return attachment


def _expires_at(request: Request) -> str:
    return rfc3339(request.now_ms + addresses.URL_S * 1000)
