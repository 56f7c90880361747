"""The files of messages as they are: where a path leads to, which name and which type a file has."""

import mimetypes
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from parley_host.moving import media_types

MAX_BYTES = 52_428_800  # the most that any deployment takes (MaxAttachmentBytes)
MAX_NAME = 255
HEAD_BYTES = 16  # of a file, which show its type
OCTETS = "application/octet-stream"
SENTENCES = {
    "missing": "There is no such file.",
    "no_folder": "No folder of files was named with --files.",
    "outside": "The path leads out of the folder of files.",
    "too_large": "The file is larger than Parley takes.",
    "empty": "The file is empty.",
    "type": "Parley takes no files of this type ({}).",
    "changed": "The file changed or went away while it was uploaded.",
    "private_address": "The URL leads to an address that is not public.",
    "bad_url": "This is no URL of http or https.",
}

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"%PDF-", media_types.PDF),
    (b"fLaC", "audio/flac"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xf1", "audio/aac"),
    (b"\xff\xf9", "audio/aac"),
)
_HEIF = {b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heif", b"msf1": "image/heif"}
# Containers whose first bytes do not tell which of these types they hold.
_WEBM = b"\x1a\x45\xdf\xa3"
_BY_EXTENSION = {media_types.extension_of(each): each for each in sorted(media_types.ALLOWED)} | {
    ".jpeg": "image/jpeg",
    ".markdown": "text/markdown",
    ".oga": "audio/ogg",
}


class Missing(Exception):
    """A file that does not come with its message; `code` says why."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail or SENTENCES.get(code, f"The file cannot be had ({code}).")


def located(folder: Path | None, path: str) -> Path:
    """Returns where a path leads to; raises Missing unless a file is there, within the folder also after its links."""
    if folder is None:
        raise Missing("no_folder")
    try:
        root = folder.resolve()
        place = (root / path.replace("\\", "/")).resolve()
        if not place.is_relative_to(root):
            raise Missing("outside")
        if not place.is_file():  # a pipe would never end
            raise Missing("missing")
    except (OSError, ValueError, RuntimeError):  # links in a circle, a name with a zero byte
        raise Missing("missing") from None
    return place


def check_size(size: int) -> None:
    """Raises Missing for a file that no deployment takes."""
    if not 0 < size <= MAX_BYTES:
        raise Missing("too_large" if size else "empty")


def check(folder: Path | None, about: Mapping[str, Any]) -> None:
    """Raises Missing for a file that will not come, as far as the folder shows; of a URL only its `size` is known."""
    if "path" not in about:
        check_size(about.get("size") or 1)
        return
    place = located(folder, about["path"])
    try:
        check_size(place.stat().st_size)
        with place.open("rb") as file:
            found = type_of(file.read(HEAD_BYTES), about, file_name(about), "")
    except OSError as error:
        raise Missing("missing", f"The file cannot be read: {error.strerror}.") from None
    if media_types.canonical(found) not in media_types.ALLOWED:
        raise Missing("type", SENTENCES["type"].format(found))


def file_name(about: Mapping[str, Any], said: str = "") -> str:
    """Returns the name of a file: the one it has, that its server `said`, or the last part of its path or URL."""
    given = about.get("name") or said or about.get("path")
    if not given:
        given = unquote(about["url"].partition("?")[0].partition("#")[0].partition("://")[2].partition("/")[2])
    parts = _CONTROL.sub("", given).replace("\\", "/").strip("/ ").rpartition("/")
    return parts[2][-MAX_NAME:].strip() or "file"


def with_extension(name: str, media_type: str) -> str:
    """Returns the name with the usual extension of its type, if it has none."""
    known = media_types.canonical(media_type)
    if Path(name).suffix or known not in media_types.ALLOWED:
        return name
    return f"{name}{media_types.extension_of(known)}"


def type_of(head: bytes, about: Mapping[str, Any], name: str, said: str, *, is_voice: bool = False) -> str:
    """Returns the media type of a file: by its first bytes, else by the source, its name, or what its server said.

    A voice message has sound where a container could have film, too.
    """
    by_name = _BY_EXTENSION.get(Path(name).suffix.lower()) or mimetypes.guess_type(name)[0] or ""
    others = [each for each in (about.get("type", ""), by_name, said) if each]
    taken = [each for each in others if media_types.canonical(each) in media_types.ALLOWED]
    return _by_bytes(head, taken, is_voice) or [*taken, *others, OCTETS][0]


def _by_bytes(head: bytes, others: list[str], is_voice: bool) -> str | None:
    """Returns the type that the bytes show; of a container for sound or film what the others say."""
    for signature, found in _SIGNATURES:
        if head.startswith(signature):
            return found
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(head[8:12])
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand in _HEIF:
            return _HEIF[brand]
        is_sound = is_voice or brand in (b"M4A ", b"M4B ") or _says(others, "audio/mp4")
        return "audio/mp4" if is_sound else "video/quicktime" if brand == b"qt  " else "video/mp4"
    if head.startswith(_WEBM):
        return "audio/webm" if is_voice or _says(others, "audio/webm") else "video/webm"
    return None


def _says(others: list[str], media_type: str) -> bool:
    return bool(others) and media_types.canonical(others[0]) == media_type
