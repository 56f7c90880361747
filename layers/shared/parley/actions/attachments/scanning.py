"""Scanning uploads: an attachment goes from `pending` by `scanning` to `clean`, `rejected` or `infected`.

Only the scanner imports this module, because it needs the layer of decoders. A message may come twice, late, or after
another upload with the same form; a run may die at any call. Each run reads the attachment, does what is left to do,
and deletes the upload last. A final state never changes.

`files/<id>` always is the file that the row describes: a copy replaces another one only after the row has moved to
its next version, which stops the run that wrote the other (D-350).
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from msgspec import Struct

from parley.actions import push
from parley.actions.attachments import page_pictures
from parley.actions.attachments.uploads import moved_entry
from parley.adapters.attachments import attachments, files, limits, lives, quarantine
from parley.adapters.dynamodb import conditions
from parley.domain.api.request import Request
from parley.domain.attachments.attachment import StoredAttachment
from parley.domain.attachments.file_names import openable_name, with_extension
from parley.domain.attachments.media_types import extension_of
from parley.domain.attachments.scans import MAX_TRIES, SCAN_FAILED, Scan, ScanMessage
from parley.domain.conversations.events import AttachmentUpdated
from parley_media.contained import examine_contained
from parley_media.results import Clean, Limits, Rejected


class _Try(Struct, kw_only=True):
    """One delivery of one message about one upload."""

    request: Request
    scan: Scan
    number: int
    has_begun: bool = False  # it moved the attachment to `scanning`

    @property
    def is_last(self) -> bool:
        return self.number >= MAX_TRIES


def scan_attachment(request: Request, message: ScanMessage, number: int) -> dict[str, str]:
    """Does what is to be done for a message that the queue delivers for the `number`th time; returns it for the log.

    A clean file takes nine round trips: read the row, write it, tell, read the upload, write the file, its thumbnail
    and the row, tell, delete the upload. After a virus scanner's verdict it takes one more.
    """
    scans = [scan for scan in message.scans() if scan.bucket in (None, quarantine.bucket())]
    pictures = [page_pictures.scan(scan, number) for scan in scans if page_pictures.is_one(scan)]
    attempts = [_Try(request=request, scan=scan, number=number) for scan in scans if not page_pictures.is_one(scan)]
    done = [_scanned(attempt) for attempt in attempts]
    return ({"attachments": " ".join(done)} if done else {}) | ({"pictures": " ".join(pictures)} if pictures else {})


def _scanned(attempt: _Try) -> str:
    """Deals with one upload; each lost race reads the row again and decides again."""
    attachment_id = attempt.scan.attachment_id
    for _ in conditions.tries():
        found = lives.read_attachment(attachment_id)
        try:
            if found is None or not _is_open(attempt, found):
                return _clear_up(attempt, found)
            if _is_begun_by_another(attempt, found):
                return _noted(found)
            return _advanced(attempt, found)
        except conditions.LostRace:
            continue
    raise conditions.busy()


def _is_open(attempt: _Try, attachment: StoredAttachment) -> bool:
    return attachment.state_at(attempt.request.now_ms) in ("pending", "scanning")


def _is_begun_by_another(attempt: _Try, attachment: StoredAttachment) -> bool:
    """Says whether another message of S3 has begun this scan: a form may be used often, and S3 tells of each use.

    That message comes again until the scan has ended, and it reads the newest upload. So a second message ends here
    at its first delivery, and a form keeps one scanner busy and not twenty (D-445).
    """
    is_first = attempt.number == 1 and not attempt.has_begun
    return is_first and attempt.scan.verdict is None and attachment.state == "scanning"


def _clear_up(attempt: _Try, attachment: StoredAttachment | None) -> str:
    """Deletes the upload of an attachment that waits for none; tells again what an earlier try may not have told.

    Raises LostRace if an attachment that expired has moved all the same.
    """
    attachment_id = attempt.scan.attachment_id
    quarantine.delete(attachment_id)
    if attachment is not None and attachment.state in ("pending", "scanning"):
        attachment = _stopped(attempt, attachment)
    _delete_left_over(attachment_id, attachment)
    if attachment is None:
        return f"{attachment_id} unknown"
    if attempt.number > 1:
        _tell(attempt, attachment)
    return _noted(attachment)


def _stopped(attempt: _Try, attachment: StoredAttachment) -> StoredAttachment:
    """Returns an attachment that expired, in its next version; raises LostRace.

    A run that began before the end may still have the bytes. Its next write of the row fails, so the copies of a clean
    attachment are never the ones that are deleted here. The upload is gone by now, so no later run makes copies.
    """
    attachment = attachment.moved(attachment.state)
    attachments.move(attachment, moved_entry(attachment, attempt.request.now_ms))
    return attachment


def _delete_left_over(attachment_id: str, attachment: StoredAttachment | None) -> None:
    """Deletes clean copies that nobody needs: a run may have died after it wrote them, or was overtaken."""
    if attachment is None or attachment.state not in ("clean", "deleted") or attachment.refs < 1:
        files.delete(attachment_id)
    elif attachment.state == "clean" and attachment.thumbnail_type is None:  # forwards may show a deleted one's
        files.delete_thumbnail(attachment_id)


def _advanced(attempt: _Try, attachment: StoredAttachment) -> str:
    """Takes a waiting attachment as far as this message allows; raises LostRace."""
    if attempt.scan.verdict == "infected":
        return _refused(attempt, attachment.moved("infected"))
    if attempt.scan.verdict == "unknown":
        return _refused(attempt, attachment.moved("rejected", code=SCAN_FAILED))
    attachment = _begun(attempt, attachment)
    if attempt.scan.verdict is None and limits.malware_scan() != "none":
        return _noted(attachment)
    if attempt.is_last:
        return _refused(attempt, attachment.moved("rejected", code=SCAN_FAILED))
    return _examined(attempt, attachment)


def _begun(attempt: _Try, attachment: StoredAttachment) -> StoredAttachment:
    """Returns the attachment in the state `scanning`; its uploader hears of it."""
    is_new = attachment.state == "pending"
    if is_new:
        attachment = attachment.moved("scanning")
        attachments.move(attachment, moved_entry(attachment, attempt.request.now_ms))
        attempt.has_begun = True
    if is_new or attempt.number > 1:
        _tell(attempt, attachment)
    return attachment


def _examined(attempt: _Try, attachment: StoredAttachment) -> str:
    try:
        body = quarantine.read_upload(attachment.attachment_id, attempt.scan.etag, attachment.size)
    except quarantine.OtherBytes:
        return _noted(attachment)  # there was a second upload, and the scanner will send a verdict about it
    except quarantine.TooLarge:
        return _refused(attempt, attachment.moved("rejected", code="too_large"))
    except quarantine.NoSuchUpload as error:
        _check_unchanged(attachment, error)
        raise
    if _is_examined_by_another(attempt, attachment):
        return _noted(attachment)
    result = _result(body, attachment)
    if isinstance(result, Clean):
        return _kept(attempt, attachment, result)
    if result.code == "infected":
        return _refused(attempt, attachment.moved("infected"))
    return _refused(attempt, attachment.moved("rejected", code=result.code), result.detail)


def _is_examined_by_another(attempt: _Try, attachment: StoredAttachment) -> bool:
    """Says whether another verdict about the same bytes has begun their examination (D-454); raises LostRace.

    The message of that verdict comes again until the scan has ended. So each later delivery examines.
    """
    etag = attempt.scan.etag
    return attempt.number == 1 and etag is not None and not lives.claim_examination(attachment, etag)


def _check_unchanged(attachment: StoredAttachment, cause: Exception) -> None:
    """Raises LostRace if another run was faster: it has deleted the upload, after it moved the row."""
    now = lives.read_attachment(attachment.attachment_id)
    if now != attachment:
        raise conditions.LostRace from cause


def _result(body: bytes, attachment: StoredAttachment) -> Clean | Rejected:
    images, most = limits.of_scans(), limits.current()
    return examine_contained(
        body,
        name=attachment.name,
        declared=attachment.type,
        allowed=most.types,
        limits=Limits(
            max_bytes=attachment.size,
            max_pixels=images.pixels,
            max_frames=images.frames,
            max_animated_pixels=images.animation_pixels,
            max_copy_bytes=most.bytes,
        ),
    )


def _refused(attempt: _Try, attachment: StoredAttachment, detail: str = "") -> str:
    """Moves an attachment to `rejected` or `infected`: it counts until the end of the hour, and its bytes go."""
    now_ms = attempt.request.now_ms
    usage = lives.read_usage(attachment.user_id).wasting(now_ms) if attachment.is_counted else None
    attachments.move(attachment, moved_entry(attachment, now_ms), usage)
    quarantine.delete(attachment.attachment_id)
    _delete_left_over(attachment.attachment_id, attachment)
    _tell(attempt, attachment)
    return f"{_noted(attachment)} {detail}".rstrip()


def _kept(attempt: _Try, attachment: StoredAttachment, clean: Clean) -> str:
    """Writes the clean copies, then moves the attachment to `clean`; raises LostRace."""
    for copy in _copies(attachment.attachment_id, clean):
        attachment = _with_copy(attempt, attachment, copy)
    attachment = attachment.moved("clean", **_found(attachment, clean))
    attachments.move(attachment, moved_entry(attachment, attempt.request.now_ms))
    _tell(attempt, attachment)
    quarantine.delete(attachment.attachment_id)
    _delete_left_over(attachment.attachment_id, attachment)
    return _noted(attachment)


def _copies(attachment_id: str, clean: Clean) -> Iterator[files.Copy]:
    yield files.Copy(key=files.file_key(attachment_id), type=clean.type, body=clean.body)
    if clean.thumbnail is not None and clean.thumbnail_type is not None:
        yield files.Copy(key=files.thumbnail_key(attachment_id), type=clean.thumbnail_type, body=clean.thumbnail)


def _with_copy(attempt: _Try, attachment: StoredAttachment, copy: files.Copy) -> StoredAttachment:
    """Writes a copy; returns the attachment, in its next version if another copy had to give way. Raises LostRace."""
    try:
        files.put_copy(copy)
        return attachment
    except conditions.LostRace:
        there = files.kept(copy.key)
    if there is None:  # deleted since
        raise conditions.LostRace
    if there.sha256 == copy.sha256:
        return attachment
    # The copy is of another upload with this form. The next version of the row stops the run that wrote it.
    attachment = attachment.moved("scanning")
    attachments.move(attachment, moved_entry(attachment, attempt.request.now_ms))
    files.put_copy(copy, there)
    return attachment


def _found(attachment: StoredAttachment, clean: Clean) -> dict[str, Any]:
    """Returns what the examination found out, as fields of an attachment."""
    name = attachment.name if clean.name_suffix is None else with_extension(attachment.name, clean.name_suffix)
    name = openable_name(name, extension_of(clean.type))
    return {
        "name": name,
        "examined_etag": None,
        "type": clean.type,
        "size": len(clean.body),
        "kind": clean.kind,
        "sha256": sha256(clean.body).hexdigest(),
        "width": clean.width,
        "height": clean.height,
        "duration_ms": clean.duration_ms,
        "pages": clean.pages,
        "waveform": bytes(clean.waveform).hex() or None,
        "placeholder": clean.placeholder,
        "thumbnail_type": clean.thumbnail_type,
    }


def _tell(attempt: _Try, attachment: StoredAttachment) -> None:
    event = AttachmentUpdated(attachment=attachment.view(attempt.request.now_ms))
    push.tell(attempt.request, [attachment.user_id], event)


def _noted(attachment: StoredAttachment) -> str:
    code = f" {attachment.code}" if attachment.code else ""
    return f"{attachment.attachment_id} {attachment.state}{code}"
