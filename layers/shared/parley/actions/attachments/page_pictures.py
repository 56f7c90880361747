"""Scanning the pictures of pages: only the small copy of a clean one is kept, and its message gets it by a queue.

Like `scanning.py`, only the scanner imports this module. A picture has no row: its key says of which message it is.
Each run does all of it again, deletes the upload last, and writes what an earlier one has written.
"""

from parley.adapters.attachments import limits, pictures, quarantine
from parley.adapters.live import queues
from parley.domain.api.types import PreviewImage
from parley.domain.attachments.scans import MAX_TRIES, SCAN_FAILED, Scan
from parley.domain.attachments.thumbnails import thumbnail_size
from parley.domain.previews.job import PreviewJob
from parley.domain.previews.pictures import FOLDER, MAX_BYTES, Place, place_of, type_of
from parley_media.contained import examine_contained
from parley_media.results import Clean, Limits, Rejected

MAX_SCAN_S = 10  # a link costs its sender nothing, so its picture must not keep the scanner from uploads for long


def is_one(scan: Scan) -> bool:
    """Says whether an upload is a page's picture; no attachment's id begins that way."""
    return scan.attachment_id.startswith(FOLDER)


def scan(scan: Scan, number: int) -> str:
    """Examines a picture at its `number`th try; returns a word for the log.

    A refused picture is deleted, and its preview stays without one. A clean picture takes four round trips.
    """
    place = place_of(scan.attachment_id)
    if place is None or scan.verdict in ("infected", "unknown"):
        return _ended(scan, scan.verdict or "misplaced")
    if scan.verdict is None and limits.malware_scan() != "none":
        return "waiting"
    if number >= MAX_TRIES:
        return _ended(scan, SCAN_FAILED)
    try:
        body = quarantine.read_upload(scan.attachment_id, scan.etag, MAX_BYTES)
    except (quarantine.NoSuchUpload, quarantine.OtherBytes):
        return "gone"  # done by an earlier try, or another message will come about it
    except quarantine.TooLarge:
        return _ended(scan, "too_large")
    return _ended(scan, _kept(place, body))


def _ended(scan: Scan, outcome: str) -> str:
    quarantine.delete(scan.attachment_id)
    return outcome


def _kept(place: Place, body: bytes) -> str:
    result = _result(body)
    if isinstance(result, Rejected):
        return result.code
    if result.thumbnail is None or result.thumbnail_type is None or not result.width or not result.height:
        return "no_picture"
    pictures.put_picture(place, result.thumbnail, result.thumbnail_type)
    width, height = thumbnail_size(result.width, result.height)
    job = PreviewJob(
        conversation_id=place.conversation_id,
        seq=place.seq,
        at_ms=place.at_ms,
        picture=PreviewImage(id=place.id, width=width, height=height),
    )
    queues.send_all("LINK_PREVIEWS_QUEUE_URL", [job])
    return "clean"


def _result(body: bytes) -> Clean | Rejected:
    found, images = type_of(body), limits.of_scans()
    if found is None:
        return Rejected(code="type_mismatch")
    return examine_contained(
        body,
        name="picture",
        declared=found,
        allowed=[found, "image/jpeg"],
        limits=Limits(
            max_bytes=MAX_BYTES,
            max_pixels=images.pixels,
            max_frames=images.frames,
            max_animated_pixels=images.animation_pixels,
            max_cpu_s=MAX_SCAN_S,
            max_wall_s=MAX_SCAN_S + 2,
        ),
    )
