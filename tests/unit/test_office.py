"""Office documents: told apart by what is inside, and measured without being unpacked."""

import io
import struct
import tracemalloc
import zipfile

import pytest

from parley.domain.attachments.media_types import ALLOWED
from parley_media.examine import Clean, Limits, Rejected, examine
from tests import media_files

SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
OPEN_SHEET = "application/vnd.oasis.opendocument.spreadsheet"


def examined(body: bytes, mime: str = media_files.WORD, limits: Limits | None = None) -> Clean | Rejected:
    return examine(body, name="a", declared=mime, allowed=ALLOWED, limits=limits or Limits())


def code(body: bytes, mime: str = media_files.WORD, limits: Limits | None = None) -> str:
    found = examined(body, mime, limits)
    assert isinstance(found, Rejected), found
    return found.code


@pytest.mark.parametrize(
    ("main", "mime"),
    [("word/document.xml", media_files.WORD), ("xl/workbook.xml", SHEET), ("ppt/presentation.xml", SLIDES)],
)
def test_a_new_document_is_what_its_main_part_says(main: str, mime: str) -> None:
    body = media_files.office(main)

    assert examined(body, mime) == Clean(type=mime, kind="file", body=body)
    for other in {media_files.WORD, SHEET, SLIDES, OPEN_SHEET, "application/pdf"} - {mime}:
        assert code(body, other) == "type_mismatch"


def test_an_open_document_is_what_its_first_entry_says() -> None:
    body = media_files.zipped({"mimetype": media_files.OPEN_TEXT.encode(), "content.xml": b"<office/>"})

    assert examined(body, media_files.OPEN_TEXT) == Clean(type=media_files.OPEN_TEXT, kind="file", body=body)
    assert code(body, OPEN_SHEET) == "type_mismatch"


@pytest.mark.parametrize(
    "entries",
    [{"a.txt": b"a"}, {"word/document.xml": b"a"}, {"mimetype": b"text/html"}, {"a": b"", "mimetype": b"nonsense"}],
)
def test_another_zip_is_no_document(entries: dict[str, bytes]) -> None:
    assert code(media_files.zipped(entries)) == "type_mismatch"


@pytest.mark.parametrize(
    ("stream", "mime"),
    [
        ("WordDocument", "application/msword"),
        ("Workbook", "application/vnd.ms-excel"),
        ("Book", "application/vnd.ms-excel"),
        ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    ],
)
def test_an_old_document_is_what_its_stream_says(stream: str, mime: str) -> None:
    body = media_files.old_office(stream)

    assert examined(body, mime) == Clean(type=mime, kind="file", body=body)
    for other in {"application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint", SHEET} - {mime}:
        assert code(body, other) == "type_mismatch"


@pytest.mark.parametrize("mime", [media_files.WORD, "application/msword"])
def test_a_document_with_a_password_is_refused(mime: str) -> None:
    assert code(media_files.old_office("EncryptedPackage"), mime) == "encrypted"


def test_an_entry_with_a_password_is_refused() -> None:
    body = bytearray(media_files.office())
    body[body.index(b"PK\x01\x02") + 8] |= 1

    assert code(bytes(body)) == "encrypted"


MACROS = "application/vnd.ms-word.document.macroEnabled.main+xml"
MAIN = "word/document.xml"


def test_a_main_part_may_be_named_in_any_way_that_office_reads() -> None:
    types, relations = media_files.package(MAIN).values()
    absolute = relations.replace(b'Target="word', b'Target="/Word')
    by_extension = types.replace(b'Override PartName="/word/document.xml"', b'Default Extension="XML"')
    strict = relations.replace(b"http://schemas.openxmlformats.org", b"http://purl.oclc.org/ooxml")

    for each in ((types, absolute), (by_extension, relations), (types, strict)):
        parts = dict(zip(("[Content_Types].xml", "_rels/.rels"), each, strict=True))
        assert isinstance(examined(media_files.zipped({**parts, MAIN: b"<w/>"})), Clean)


@pytest.mark.parametrize(
    "entries",
    [
        {"[Content_Types].xml": b"<Types/>", "word/": b"", "setup.exe": b"MZ"},
        {**media_files.package(MAIN), "word/": b""},
        {**media_files.package(MAIN), MAIN: b""},
        {**media_files.package(MAIN), "_rels/.rels": b"<Relationships/>", MAIN: b"<w/>"},
        {**media_files.package(MAIN), "[Content_Types].xml": b"<Types/>", MAIN: b"<w/>"},
        {**media_files.package(MAIN, MACROS), MAIN: b"<w/>"},
        {**media_files.package(MAIN), MAIN: b"<w/>", "word/vbaProject.bin": b"x"},
    ],
    ids=["no package", "no main part", "empty", "no relation", "no type", "macros", "macros of another type"],
)
def test_a_zip_without_the_main_part_of_a_document_is_none(entries: dict[str, bytes]) -> None:
    assert code(media_files.zipped(entries)) == "type_mismatch"


@pytest.mark.parametrize("program", ["META-INF/MANIFEST.MF", "meta-inf/manifest.mf", "AndroidManifest.xml"])
def test_a_document_that_is_a_program_as_well_is_refused(program: str) -> None:
    body = media_files.zipped({**media_files.package(MAIN), MAIN: b"<w/>", program: b"Main-Class: X"})

    assert code(body) == "polyglot"


def test_a_document_that_is_a_pdf_as_well_is_refused() -> None:
    body = media_files.zipped({"%PDF-1.7": b"", **media_files.package(MAIN), MAIN: b"<w/>"}, zipfile.ZIP_STORED)

    assert code(body) == "polyglot"


def test_parts_that_name_the_main_one_are_read_within_limits() -> None:
    package = media_files.package(MAIN)
    large = {**package, "_rels/.rels": b"<Relationships>" + b" " * 1_100_000 + b"</Relationships>", MAIN: b"<w/>"}

    assert code(media_files.zipped(large)) == "decompression_bomb"
    assert code(media_files.zipped({**package, "_rels/.rels": b"<Relationships", MAIN: b"<w/>"})) == "damaged"


# --- bombs -----------------------------------------------------------------------------------------------------------


def with_declared_size(body: bytes, size: int) -> bytes:
    """Returns a document whose last entry claims a size."""
    changed = bytearray(body)
    place = body.rindex(b"PK\x01\x02") + 24
    changed[place : place + 4] = struct.pack("<I", size)
    return bytes(changed)


def test_a_document_that_unpacks_to_too_much_is_refused() -> None:
    body = media_files.office(bomb=b"\0" * 11_000_000)

    assert len(body) < 20_000
    assert code(body) == "decompression_bomb"


def test_a_small_document_may_be_dense() -> None:
    assert isinstance(examined(media_files.office(sheet=b"\0" * 9_000_000)), Clean)


def test_a_document_may_unpack_to_as_much_as_the_limit() -> None:
    body = media_files.office(part=b"ab" * 500)
    size = sum(entry.file_size for entry in zipfile.ZipFile(io.BytesIO(body)).infolist())

    assert isinstance(examined(body, limits=Limits(max_unpacked_bytes=size)), Clean)
    assert code(body, limits=Limits(max_unpacked_bytes=size - 1)) == "decompression_bomb"
    assert code(body, limits=Limits(max_entries=3)) == "decompression_bomb"


def test_a_document_that_lies_about_its_size_is_refused() -> None:
    body = media_files.office(bomb=b"\0" * 50_000_000)

    assert code(with_declared_size(body, 1_000)) == "decompression_bomb"
    assert code(with_declared_size(media_files.office(part=b"a" * 1_000), 1_001)) == "damaged"


def test_a_bomb_is_measured_without_being_held() -> None:
    body = with_declared_size(media_files.office(bomb=b"\0" * 50_000_000), 40_000_000)
    tracemalloc.start()
    try:
        found = code(body, limits=Limits(max_unpacked_ratio=10_000))
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert found == "decompression_bomb"
    assert peak_bytes < 1_000_000


def test_entries_that_share_their_bytes_are_refused() -> None:
    """The bombs of David Fifield give one kernel of compressed bytes to thousands of entries."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", b"<Types/>")
        archive.writestr("word/document.xml", b"a" * 100)
        archive.writestr("word/more.xml", b"a" * 100)
        archive.filelist[-1].header_offset = archive.filelist[-2].header_offset

    assert code(out.getvalue()) == "decompression_bomb"


def test_a_method_that_no_office_program_writes_is_refused() -> None:
    body = media_files.zipped({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"a"}, zipfile.ZIP_LZMA)

    assert code(body) == "type_mismatch"


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_truncated_document_is_damaged(share: float) -> None:
    body = media_files.office(part=b"some words " * 100)

    assert code(body[: int(len(body) * share)]) == "damaged"


def test_an_entry_that_is_not_a_stream_is_damaged() -> None:
    body = bytearray(media_files.office(part=b"some words " * 100))
    start = bytes(body).index(b"part") + 4
    body[start : start + 8] = b"\xff" * 8

    assert code(bytes(body)) == "damaged"
