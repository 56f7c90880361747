"""Office documents: the old ones are OLE containers, the new ones ZIPs, which are measured without unpacking them."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator

from parley.domain.attachments.media_types import OPEN_DOCUMENT
from parley_media.open_xml import main_type
from parley_media.results import Limits, RefusedFile

# Files that make a program of a ZIP, whatever else is in it: Java runs the one, Android the other.
_PROGRAMS = frozenset({"meta-inf/manifest.mf", "androidmanifest.xml"})
_MACROS = "vbaproject.bin"
# Streams of an OLE container ([MS-DOC] 2.1.1, [MS-XLS] 2.1.7.1, [MS-PPT] 2.1.2); Excel 95 calls its own `Book`.
_MAIN_STREAMS = {
    "application/msword": ("WordDocument",),
    "application/vnd.ms-excel": ("Workbook", "Book"),
    "application/vnd.ms-powerpoint": ("PowerPoint Document",),
}
_LOCAL_HEADER_BYTES = 30
_CHUNK_BYTES = 65_536
_SMALL_BYTES = 10 * 1024 * 1024  # a small file may unpack to this whatever the ratio
_MIMETYPE_BYTES = 128
_IS_ENCRYPTED = 0x01  # bit of an entry's flags


def old_office_type(body: bytes, declared: str) -> str:
    """Returns the declared type if the container has its main stream; else raises RefusedFile."""
    if _has_stream(body, "EncryptedPackage"):
        raise RefusedFile("encrypted")
    streams = _MAIN_STREAMS.get(declared, ())
    if not any(_has_stream(body, name) for name in streams):
        raise RefusedFile("type_mismatch")
    return declared


def _has_stream(body: bytes, name: str) -> bool:
    """Says whether a directory entry has this name: 64 bytes of UTF-16, filled with zeros ([MS-CFB] 2.6.1)."""
    encoded = f"{name}\0".encode("utf-16-le")
    return body.find(encoded.ljust(min(64, len(encoded) + 2), b"\0"), 512) >= 0


def new_office_type(body: bytes, limits: Limits) -> str:
    """Returns the type of an OOXML or OpenDocument file; raises RefusedFile for another ZIP and for a ZIP bomb."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(body))
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise RefusedFile("damaged") from None
    with archive:
        entries = archive.infolist()
        _check_declared_sizes(entries, len(body), limits)
        _check_places(entries, archive.start_dir)
        for entry in entries:
            _check_real_size(entry, body)
        return _type_of(archive, entries)  # it unpacks an entry, whose size is known by now


def _type_of(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> str:
    names = {entry.filename.lower() for entry in entries}
    if names & _PROGRAMS:
        raise RefusedFile("polyglot")
    if any(name.endswith(_MACROS) for name in names):
        raise RefusedFile("type_mismatch")  # whatever its name says: a document with macros has a type of its own
    mime = _open_document_type(archive, entries) or main_type(archive)
    if mime is None:
        raise RefusedFile("type_mismatch")
    return mime


def _open_document_type(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> str | None:
    if not entries or entries[0].filename != "mimetype" or entries[0].file_size > _MIMETYPE_BYTES:
        return None
    mime = archive.read(entries[0]).decode("ascii", errors="replace")
    return mime if mime in OPEN_DOCUMENT else None


def _check_declared_sizes(entries: list[zipfile.ZipInfo], file_bytes: int, limits: Limits) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    is_dense = unpacked > _SMALL_BYTES and unpacked > limits.max_unpacked_ratio * file_bytes
    if len(entries) > limits.max_entries or unpacked > limits.max_unpacked_bytes or is_dense:
        raise RefusedFile("decompression_bomb")


def _check_places(entries: Iterable[zipfile.ZipInfo], end: int) -> None:
    """Raises RefusedFile if entries overlap: small bombs give the same bytes to many entries."""
    position = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset < position:
            raise RefusedFile("decompression_bomb")
        position = entry.header_offset + _LOCAL_HEADER_BYTES + entry.compress_size
    if position > end:
        raise RefusedFile("damaged")


def _check_real_size(entry: zipfile.ZipInfo, body: bytes) -> None:
    """Raises RefusedFile if an entry holds more than it declares, or is encrypted; holds one chunk of it at a time."""
    if entry.flag_bits & _IS_ENCRYPTED:
        raise RefusedFile("encrypted")
    packed = _packed(entry, body)
    if entry.compress_type == zipfile.ZIP_STORED:
        if entry.file_size != entry.compress_size:
            raise RefusedFile("damaged")
    elif entry.compress_type == zipfile.ZIP_DEFLATED:
        _inflate(packed, entry.file_size)
    else:
        raise RefusedFile("type_mismatch")  # no Office program writes others


def _packed(entry: zipfile.ZipInfo, body: bytes) -> memoryview:
    header = body[entry.header_offset : entry.header_offset + _LOCAL_HEADER_BYTES]
    if len(header) < _LOCAL_HEADER_BYTES or not header.startswith(b"PK\x03\x04"):
        raise RefusedFile("damaged")
    name_bytes, extra_bytes = struct.unpack("<HH", header[26:30])
    start = entry.header_offset + _LOCAL_HEADER_BYTES + name_bytes + extra_bytes
    packed = memoryview(body)[start : start + entry.compress_size]
    if len(packed) < entry.compress_size:
        raise RefusedFile("damaged")
    return packed


def _inflate(packed: memoryview, declared_bytes: int) -> None:
    """Unpacks an entry chunk by chunk, keeps nothing, and raises RefusedFile as soon as there is too much."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    unpacked_bytes = 0
    for size in _chunk_sizes(inflater, packed):
        unpacked_bytes += size
        if unpacked_bytes > declared_bytes:
            raise RefusedFile("decompression_bomb")
    if unpacked_bytes != declared_bytes or not inflater.eof:
        raise RefusedFile("damaged")


def _chunk_sizes(inflater: "zlib._Decompress", packed: memoryview) -> Iterator[int]:
    for start in range(0, len(packed), _CHUNK_BYTES):
        rest: bytes | memoryview = packed[start : start + _CHUNK_BYTES]
        while rest and not inflater.eof:
            yield len(inflater.decompress(rest, _CHUNK_BYTES))
            rest = inflater.unconsumed_tail
    while not inflater.eof and (size := len(inflater.decompress(b"", _CHUNK_BYTES))):
        yield size
