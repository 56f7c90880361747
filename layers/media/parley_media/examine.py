"""The door of this layer: the bytes of an upload in, a clean copy or a refusal out."""

from collections.abc import Collection

from msgspec.structs import asdict

from parley.domain.attachments.media_types import AUDIO, IMAGES, PDF, TEXT, VIDEO, VOICE, Kind, canonical, kind_of
from parley_media import signatures
from parley_media.archives import check_for_pdf, check_for_zip
from parley_media.images import rewrite_image
from parley_media.office import new_office_type, old_office_type
from parley_media.pdfs import read_pdf
from parley_media.recordings import read_recording
from parley_media.results import Clean, Limits, RefusedFile, Rejected
from parley_media.texts import check_text
from parley_media.videos import read_video
from parley_media.viruses import is_infected

__all__ = ["Clean", "Limits", "Rejected", "examine"]

_HEIF = frozenset({"image/heic", "image/heif"})
_JPEG_NAMES = (".jpg", ".jpeg")
_NAMES = {"image/jpeg": _JPEG_NAMES, "image/webp": (".webp",)}  # of the types that an image of another may become


def examine(
    body: bytes,
    *,
    name: str,
    declared: str,
    allowed: Collection[str],
    voice: bool = False,
    limits: Limits = Limits(),  # noqa: B008  (frozen)
) -> Clean | Rejected:
    """Returns the clean copy with what is known about it, or the reason why nobody may get this file.

    `declared` is the type that the uploader gave, `allowed` the deployment's list. The result depends on the
    arguments alone, so an examination may run twice. Raises MemoryError, and nothing else.
    """
    try:
        mime = canonical(declared)
        _check_before_reading(body, mime, allowed, voice, limits)
        return _examined(body, mime, name, allowed, voice, limits)
    except RefusedFile as refused:
        return Rejected(code=refused.code)
    except MemoryError:
        raise
    # Decoders raise anything on hostile bytes: SyntaxError, struct.error, KeyError, errors of their own (D-316).
    except Exception as error:
        return Rejected(code="damaged", detail=f"{type(error).__module__}.{type(error).__qualname__}")


def _check_before_reading(body: bytes, mime: str, allowed: Collection[str], voice: bool, limits: Limits) -> None:
    if mime not in allowed or (voice and mime not in VOICE):
        raise RefusedFile("not_allowed")
    if not body:
        raise RefusedFile("empty")
    if len(body) > limits.max_bytes:
        raise RefusedFile("too_large")
    if is_infected(body):
        raise RefusedFile("infected")


def _examined(body: bytes, mime: str, name: str, allowed: Collection[str], voice: bool, limits: Limits) -> Clean:
    if mime in TEXT:
        check_text(body)
        return Clean(type=mime, kind="file", body=body)
    found = _verified(body, mime, limits)
    if found not in allowed:
        raise RefusedFile("not_allowed")
    _check_for_other_types(body, found)
    if found in IMAGES:
        return _clean_image(body, found, name, limits)
    if found == PDF:
        return _clean_pdf(body)
    kind: Kind = kind_of(found)
    if kind == "audio":
        recording = read_recording(body, found, voice=voice, limits=limits)
        return Clean(type=found, kind=kind, body=body, duration_ms=recording.duration_ms, waveform=recording.waveform)
    return _clean_video(body, found, limits) if kind == "video" else Clean(type=found, kind=kind, body=body)


def _check_for_other_types(body: bytes, found: str) -> None:
    """Raises RefusedFile for a file of two types. Images are written again, and old documents may hold new ones."""
    if found not in IMAGES | {PDF}:
        check_for_pdf(body)
    if found in AUDIO | VIDEO | {PDF}:
        check_for_zip(body)


def _verified(body: bytes, declared: str, limits: Limits) -> str:
    """Returns the type that the bytes are; it differs from the declared one only within a family.

    iPhones declare QuickTime as MP4, and cameras mix HEIC and HEIF. Raises RefusedFile for any other difference.
    """
    found = signatures.signature_of(body)
    if found == signatures.OLE:
        return old_office_type(body, declared)
    if found == signatures.ZIP:
        found = new_office_type(body, limits)
    if found == signatures.ISO_MEDIA and declared in ("audio/mp4", "video/mp4", "video/quicktime"):
        return declared if declared == "audio/mp4" else signatures.iso_video_type(body)
    if found == "video/webm" and declared == "audio/webm":
        return declared
    if found in _HEIF and declared in _HEIF or found == declared:
        return found
    raise RefusedFile("type_mismatch")


def _clean_image(body: bytes, mime: str, name: str, limits: Limits) -> Clean:
    picture = rewrite_image(body, mime, limits)
    names = _NAMES[picture.type] if picture.type != mime else ("",)
    return Clean(
        type=picture.type,
        kind="image",
        body=picture.body,
        name_suffix=None if name.lower().endswith(names) else names[0],
        **asdict(picture.preview),
        width=picture.width,
        height=picture.height,
    )


def _clean_pdf(body: bytes) -> Clean:
    document = read_pdf(body)
    return Clean(
        type=PDF,
        kind="file",
        body=body,
        **asdict(document.preview),
        pages=document.pages,
    )


def _clean_video(body: bytes, mime: str, limits: Limits) -> Clean:
    video = read_video(body, mime, limits)
    return Clean(
        type=mime,
        kind="video",
        body=body,
        **asdict(video.preview),
        width=video.width,
        height=video.height,
        duration_ms=video.duration_ms,
    )
