"""Files of two types at once: one reader takes them for what they say, and another one for something else."""

from parley_media.results import RefusedFile

_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_PDF = b"%PDF-"
_PDF_BYTES = 1_024  # PDF readers accept so many bytes before the header (ISO 32000-1, annex H.3.4.1)


def check_for_zip(body: bytes) -> None:
    """Raises RefusedFile if a reader of ZIPs could find an archive in the file.

    Readers search the end of the directory from the end of the file, some through all of it, and forgive false
    versions, extra fields and disk numbers. So the three signatures decide, and no library that forgives less.
    """
    if _LOCAL in body and 0 <= body.find(_CENTRAL) < body.rfind(_END):
        raise RefusedFile("polyglot")


def check_for_pdf(body: bytes) -> None:
    """Raises RefusedFile if a reader of PDFs could take the file for one."""
    if _PDF in body[:_PDF_BYTES]:
        raise RefusedFile("polyglot")
