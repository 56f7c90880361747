"""Text: valid UTF-8, and of no other type."""

import codecs

from parley_media.results import RefusedFile

# Formats whose files can be valid UTF-8.
_OTHER_TYPES = (b"%PDF-", b"GIF8", b"PK\x03\x04", b"{\\rtf", b"%!PS")
_CHUNK_BYTES = 65_536


def check_text(body: bytes) -> None:
    """Raises RefusedFile for what is not UTF-8, holds a NUL, or begins as another type."""
    if body.startswith(_OTHER_TYPES):
        raise RefusedFile("type_mismatch")
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(body), _CHUNK_BYTES):
            decoder.decode(body[start : start + _CHUNK_BYTES])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise RefusedFile("not_utf8") from None
    if b"\0" in body:
        raise RefusedFile("type_mismatch")
