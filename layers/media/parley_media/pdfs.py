"""PDF: pages counted, and the first one drawn. No script of a file runs: the library is built without JavaScript."""

import threading

import pypdfium2
import pypdfium2.raw
from msgspec import Struct
from PIL import Image

from parley.domain.attachments.thumbnails import THUMBNAIL_SIDE
from parley_media.previews import Preview, preview_of
from parley_media.results import RefusedFile

# PDFium is not made for threads, and the local stack runs functions in threads.
_ONE_AT_A_TIME = threading.Lock()


class Document(Struct, frozen=True):
    """The facts about a PDF."""

    pages: int
    preview: Preview


def read_pdf(body: bytes) -> Document:
    """Returns the pages and the first one as a picture; raises RefusedFile if a password is needed."""
    with _ONE_AT_A_TIME:
        document = _loaded(body)
        try:
            pages = len(document)
            if not pages:
                raise RefusedFile("damaged")
            picture = _drawn(document[0])
        finally:
            document.close()
    return Document(pages, preview_of(picture))


def _loaded(body: bytes) -> pypdfium2.PdfDocument:
    """Returns the document, which is valid as long as `body` is.

    pypdfium2 asks for the last error of a file without pages too, and PDFium tells that of the file before.
    """
    handle = pypdfium2.raw.FPDF_LoadMemDocument64(body, len(body), None)
    if not handle:
        is_locked = pypdfium2.raw.FPDF_GetLastError() == pypdfium2.raw.FPDF_ERR_PASSWORD
        raise RefusedFile("encrypted" if is_locked else "damaged")
    return pypdfium2.PdfDocument(handle)


def _drawn(page: pypdfium2.PdfPage) -> Image.Image:
    """Returns the page at most 320 pixels a side, whatever size it claims."""
    width, height = page.get_size()
    if not (width > 0 and height > 0):
        raise RefusedFile("damaged")
    bitmap = page.render(scale=THUMBNAIL_SIDE / max(width, height), may_draw_forms=False)
    try:
        picture: Image.Image = bitmap.to_pil().convert("RGB")
    finally:
        bitmap.close()
        page.close()
    picture.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return picture
