"""The ZIP format: Python's own reader and Info-ZIP's find what was written, also beyond ZIP's first limits."""

import io
import subprocess
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.exports.zip_format import Entry, directory_header, end_of_directory, local_header

NOW_MS = 1_795_246_201_500  # 2026-11-21, 07:30:01.5
GIB = 2**30
FULL = 2**32 - 1


def entry(name: str, content: bytes, offset: int, at_ms: int = NOW_MS) -> Entry:
    return Entry(name=name, size=len(content), crc=crc32(content), offset=offset, at_ms=at_ms)


def archive_of(files: dict[str, bytes]) -> bytes:
    content, directory = bytearray(), bytearray()
    for name, body in files.items():
        made = entry(name, body, len(content))
        content += local_header(made) + body
        directory += directory_header(made)
    return bytes(content + directory + end_of_directory(len(files), len(directory), len(content)))


@given(st.dictionaries(st.text(st.characters(codec="utf-8", exclude_characters="/\\\0"), min_size=1), st.binary()))
def test_every_file_is_read_back(files: dict[str, bytes]) -> None:
    archive = ZipFile(io.BytesIO(archive_of(files)))

    assert archive.testzip() is None
    assert {name: archive.read(name) for name in archive.namelist()} == files


def test_entry_is_an_ordinary_stored_file_with_a_utf_8_name_and_its_time() -> None:
    [found] = ZipFile(io.BytesIO(archive_of({"files/Ä.pdf": b"abc"}))).infolist()

    assert (found.flag_bits, found.compress_type, found.create_system) == (0x800, ZIP_STORED, 3)
    assert (found.external_attr >> 16, found.date_time) == (0o100644, (2026, 11, 21, 7, 30, 0))
    assert (found.extract_version, found.extra) == (20, b"")


@pytest.mark.parametrize(("at_ms", "year"), [(0, 1980), (4_400_000_000_000, 2107)], ids=["too early", "too late"])
def test_time_that_the_format_does_not_have_is_its_first_or_last_year(at_ms: int, year: int) -> None:
    made = entry("a", b"", 0, at_ms)
    archive = local_header(made) + directory_header(made) + end_of_directory(1, len(directory_header(made)), 31)

    assert ZipFile(io.BytesIO(archive)).infolist()[0].date_time[0] == year


def test_info_zip_finds_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(archive_of({"index.html": b"<p>", "files/1-01-ÄÖ 👋.pdf": b"abc" * 1000, "files/empty": b""}))

    tested = subprocess.run(["unzip", "-t", path], capture_output=True, text=True, check=False)

    assert (tested.returncode, tested.stdout.count("OK")) == (0, 3), tested


def test_archive_over_4_gib_is_read_back(tmp_path: Path) -> None:
    size = 4 * GIB + 5
    large = Entry(name="large", size=size, crc=0, offset=0, at_ms=NOW_MS)
    start = len(local_header(large)) + size
    last = entry("last", b"behind it", start)
    directory = directory_header(large) + directory_header(last)
    path = tmp_path / "large.zip"
    with path.open("wb") as file:  # a sparse file: the zeros take no room
        file.write(local_header(large))
        file.seek(start)
        file.write(local_header(last) + b"behind it")
        file.write(directory + end_of_directory(2, len(directory), file.tell()))

    archive = ZipFile(path)
    listed = subprocess.run(["unzip", "-t", path, "last"], capture_output=True, text=True, check=False)

    found = archive.getinfo("large")
    assert (found.file_size, found.compress_size, found.extract_version) == (size, size, 45)
    assert (archive.getinfo("last").header_offset, archive.read("last")) == (start, b"behind it")
    assert (listed.returncode, listed.stdout.count("OK")) == (0, 1), listed


@pytest.mark.parametrize(
    ("count", "size", "offset", "is_large"),
    [
        (65_534, FULL - 1, FULL - 1, False),
        (65_535, 1, 1, True),
        (1, FULL, 1, True),
        (1, 1, FULL, True),
    ],
    ids=["all that fits", "entries", "directory", "offset"],
)
def test_end_has_records_of_zip64_from_the_first_number_that_does_not_fit(
    count: int, size: int, offset: int, is_large: bool
) -> None:
    end = end_of_directory(count, size, offset)

    assert len(end) == (56 + 20 + 22 if is_large else 22)
    assert (b"PK\x06\x06" in end, b"PK\x06\x07" in end) == (is_large, is_large)
    assert end.startswith(b"PK\x06\x06" if is_large else b"PK\x05\x06")


@pytest.mark.parametrize(
    ("size", "offset", "extra"),
    [(FULL - 1, FULL - 1, 0), (FULL, 0, 4 + 16), (0, FULL, 4 + 8), (FULL, FULL, 4 + 24)],
    ids=["all that fits", "size", "offset", "both"],
)
def test_header_has_the_large_numbers_only(size: int, offset: int, extra: int) -> None:
    made = Entry(name="a", size=size, crc=0, offset=offset, at_ms=NOW_MS)

    assert len(directory_header(made)) == 46 + 1 + extra
    assert len(local_header(made)) == 30 + 1 + (20 if size == FULL else 0)


def test_more_entries_than_the_first_format_counts_are_read_back() -> None:
    files = {f"{number}": b"" for number in range(65_536)}

    assert ZipFile(io.BytesIO(archive_of(files))).namelist() == list(files)
