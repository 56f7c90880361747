# Made by `make docs`: change layers/shared/parley/domain/attachments/media_types.py instead.
"""The types of files that may be sent, and how a client shows each: the allow-list, as MIME types.

HTML, SVG and XML are not in it: a browser that opens one runs its scripts.
"""

from typing import Literal

Kind = Literal["image", "audio", "video", "file"]
KINDS: tuple[Kind, ...] = ("image", "audio", "video", "file")

IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "image/heic", "image/heif"})
AUDIO = frozenset({"audio/webm", "audio/ogg", "audio/mp4", "audio/aac", "audio/mpeg", "audio/wav", "audio/flac"})
# Browsers and phones record voice messages in these (MediaRecorder; Voice Memos; Android's MediaRecorder).
VOICE = AUDIO - {"audio/flac"}
VOICE_GRACE_MS = 500  # a recorder that stops at the limit is a little late, and encoders add up to 100 ms
VIDEO = frozenset({"video/mp4", "video/webm", "video/quicktime"})
PDF = "application/pdf"
TEXT = frozenset({"text/plain", "text/csv", "text/markdown"})
OLD_OFFICE = frozenset({"application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"})
_OPEN_XML = "application/vnd.openxmlformats-officedocument."
OPEN_XML = frozenset(
    {
        f"{_OPEN_XML}{each}"
        for each in ("wordprocessingml.document", "spreadsheetml.sheet", "presentationml.presentation")
    }
)
OPEN_DOCUMENT = frozenset(
    {f"application/vnd.oasis.opendocument.{each}" for each in ("text", "spreadsheet", "presentation")}
)
ALLOWED = IMAGES | AUDIO | VIDEO | {PDF} | TEXT | OLD_OFFICE | OPEN_XML | OPEN_DOCUMENT

# A browser may show these in its own window; the scanner has written each of them itself.
INLINE = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})

_EXTENSIONS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/heic": ".heic",
    "image/heif": ".heif",
    "audio/webm": ".webm",
    "audio/ogg": ".ogg",
    "audio/mp4": ".m4a",
    "audio/aac": ".aac",
    "audio/mpeg": ".mp3",
    "audio/wav": ".wav",
    "audio/flac": ".flac",
    "video/mp4": ".mp4",
    "video/webm": ".webm",
    "video/quicktime": ".mov",
    PDF: ".pdf",
    "text/plain": ".txt",
    "text/csv": ".csv",
    "text/markdown": ".md",
    "application/msword": ".doc",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-powerpoint": ".ppt",
    f"{_OPEN_XML}wordprocessingml.document": ".docx",
    f"{_OPEN_XML}spreadsheetml.sheet": ".xlsx",
    f"{_OPEN_XML}presentationml.presentation": ".pptx",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/vnd.oasis.opendocument.presentation": ".odp",
}

# Browsers and phones have several names for one type.
_SYNONYMS = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/apng": "image/png",
    "audio/mp3": "audio/mpeg",
    "audio/x-mpeg": "audio/mpeg",
    "audio/m4a": "audio/mp4",
    "audio/x-m4a": "audio/mp4",
    "audio/x-aac": "audio/aac",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/x-flac": "audio/flac",
    "audio/opus": "audio/ogg",
    "video/x-m4v": "video/mp4",
    "text/x-markdown": "text/markdown",
    "application/csv": "text/csv",
    "application/x-pdf": PDF,
}


def canonical(declared: str) -> str:
    """Returns the one name of a type, without parameters: `Audio/WebM; codecs=opus` is `audio/webm`.

    The result may be a type that is not allowed, or no type at all; `kind_of` and the allow-list decide.
    """
    bare = declared.partition(";")[0].strip().lower()
    return _SYNONYMS.get(bare, bare)


def kind_of(mime: str) -> Kind:
    """Returns how a client shows a file of this type; everything but images, audio and video is a `file`."""
    known = canonical(mime)
    if known in IMAGES:
        return "image"
    if known in AUDIO:
        return "audio"
    return "video" if known in VIDEO else "file"


def extension_of(mime: str) -> str:
    """Returns the usual extension of a type that may be sent, with its dot."""
    return _EXTENSIONS[mime]


def may_be_inline(mime: str) -> bool:
    """Says whether a browser may show a file of this type itself instead of saving it."""
    return mime in INLINE


def allowed_types(setting: str) -> frozenset[str]:
    """Returns the types that a deployment allows: comma-separated, `image/*` for a family, `*` for all of the list.

    Raises ValueError for a type that the scanner cannot examine.
    """
    entries = [entry.strip() for entry in setting.split(",") if entry.strip()]
    if not entries:
        raise ValueError("no type of file is allowed")
    return frozenset().union(*(_matching(entry) for entry in entries))


def _matching(entry: str) -> frozenset[str]:
    family = entry.removesuffix("*") if entry == "*" or entry.endswith("/*") else None
    known = canonical(entry)
    found = frozenset(mime for mime in ALLOWED if (mime == known if family is None else mime.startswith(family)))
    if not found:
        raise ValueError(f"`{entry}` is not a type of file that can be examined")
    return found
