"""Text: valid UTF-8, and of no other type."""

import codecs
import re

from parley_media.results import RefusedFile

# Formats whose files can be valid UTF-8. Their readers forgive a byte order mark, blanks, and some even lines before
# the beginning; Word takes `{\rt` for RTF.
_OTHER_TYPES = (b"GIF8", b"PK\x03\x04")
_BEGINS_LATER = re.compile(rb"%PDF-|(?:\A|[\r\n])(?:\xef\xbb\xbf|[\x00-\x20])*(?:\{\\rt|%!PS)")
_SEARCHED_BYTES = 1_024
_CHUNK_BYTES = 65_536


def check_text(body: bytes) -> None:
    """Raises RefusedFile for what is not UTF-8, holds a NUL, or can be opened as another type."""
    if body.startswith(_OTHER_TYPES) or _BEGINS_LATER.search(body, 0, _SEARCHED_BYTES):
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
