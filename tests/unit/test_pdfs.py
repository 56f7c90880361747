"""PDF: pages counted, the first one drawn; locked, damaged and ambiguous files are refused."""

import io

import pytest
from PIL import Image

from parley.domain.attachments.media_types import ALLOWED
from parley_media.examine import Clean, Rejected, examine
from tests import media_files


def examined(body: bytes) -> Clean | Rejected:
    return examine(body, name="a.pdf", declared="application/pdf", allowed=ALLOWED)


@pytest.mark.parametrize(("width", "height"), [(200, 300), (14_400, 14_400), (10, 5), (14_400, 1)])
def test_pages_are_counted_and_the_first_one_is_drawn(width: int, height: int) -> None:
    body = media_files.pdf(3, width, height)
    found = examined(body)

    assert isinstance(found, Clean)
    assert (found.kind, found.pages, found.body) == ("file", 3, body)
    assert (found.width, found.height) == (None, None)
    assert found.thumbnail and found.placeholder
    assert 1 <= max(Image.open(io.BytesIO(found.thumbnail)).size) <= 320


def test_the_drawing_is_the_page() -> None:
    body = media_files.saved(media_files.picture(300, 200), "PDF")
    found = examined(body)

    assert isinstance(found, Clean) and found.thumbnail
    pixel = Image.open(io.BytesIO(found.thumbnail)).getpixel((10, 10))
    assert isinstance(pixel, tuple) and pixel[0] > 200 and pixel[2] < 60


def test_a_file_that_needs_a_password_is_refused() -> None:
    assert examined(media_files.encrypted_pdf()) == Rejected(code="encrypted")


def test_a_file_without_pages_is_damaged_also_after_a_locked_one() -> None:
    """PDFium keeps the last error, here of the locked file, until the next one."""
    assert examined(media_files.encrypted_pdf()) == Rejected(code="encrypted")

    assert examined(media_files.pdf(0)) == Rejected(code="damaged")


@pytest.mark.parametrize("body", [b"%PDF-", b"%PDF-1.7\n%%EOF\n", b"%PDF-1.4\n" + b"x" * 2_000])
def test_a_file_that_has_only_the_header_is_damaged(body: bytes) -> None:
    found = examined(body)

    assert isinstance(found, Rejected) and found.code == "damaged"


@pytest.mark.parametrize("before", [b"\n", b"PK\x03\x04", b"<html>"])
def test_a_file_must_begin_as_pdf(before: bytes) -> None:
    assert examined(before + media_files.pdf()) in (Rejected(code="type_mismatch"), Rejected(code="damaged"))


def test_a_file_that_is_a_zip_as_well_is_refused() -> None:
    archive = media_files.zipped({"evil.js": b"alert(1)"})

    assert examined(media_files.pdf() + archive) == Rejected(code="polyglot")
    assert examined(media_files.pdf() + archive + b"\n%%EOF\n") == Rejected(code="polyglot")


def test_a_zip_that_python_does_not_open_is_one_for_others() -> None:
    """Java looks neither at the version that an entry needs nor at the number of the disk."""
    archive = media_files.zipped({"META-INF/MANIFEST.MF": b"Main-Class: X"})
    place = archive.index(b"PK\x01\x02") + 6
    unknown_version = archive[:place] + b"\x63\0" + archive[place + 2 :]
    other_disk = archive[:-18] + b"\7\0" + archive[-16:]

    for hidden in (unknown_version, other_disk, archive + bytes(70_000)):
        assert examined(media_files.pdf() + hidden) == Rejected(code="polyglot")


def test_a_file_that_only_mentions_zips_is_none() -> None:
    assert isinstance(examined(media_files.pdf() + b"% PK\x05\x06 and PK\x03\x04\n"), Clean)
