"""The ZIP format, as far as an export needs it: entries that are stored as they are, with known sizes and CRCs.

The names of the records are those of PKWARE's APPNOTE 6.3.10. Sizes and offsets from 4 GiB on and 65,535 entries or
more get the records of ZIP64 (4.3.14, 4.3.15 and 4.5.3); smaller archives do without them, for old readers.
"""

from datetime import timedelta
from struct import pack

from msgspec import Struct

from parley.domain.api.times import EPOCH

_UTF_8 = 1 << 11  # general purpose bit 11: the name is UTF-8 (4.4.4)
_STORED = 0  # the method of compression (4.4.5): none, because images, PDF and media are compressed already
_PLAIN, _ZIP64 = 20, 45  # versions that a reader must know (4.4.3)
_UNIX = 3 << 8  # the file attributes are those of Unix (4.4.2)
_MODE = 0o100644 << 16  # an ordinary file that its owner may write (4.4.15)
_FULL_16 = 0xFFFF  # "see the ZIP64 record"
_FULL_32 = 0xFFFFFFFF
_FIRST_YEAR, _LAST_YEAR = 1980, 2107  # of MS-DOS's times (4.4.6)


class Entry(Struct, frozen=True, kw_only=True):
    """One file of an archive: `offset` is where its local header begins, `at_ms` its time (UTC)."""

    name: str
    size: int
    crc: int
    offset: int
    at_ms: int


def local_header(entry: Entry) -> bytes:
    """Returns the bytes before an entry's content."""
    name, is_large = entry.name.encode(), entry.size >= _FULL_32
    extra = pack("<HHQQ", 1, 16, entry.size, entry.size) if is_large else b""
    size = _FULL_32 if is_large else entry.size
    version = _ZIP64 if is_large else _PLAIN
    lengths = (size, size, len(name), len(extra))
    head = pack("<IHHHIIIIHH", 0x04034B50, version, _UTF_8, _STORED, _dos_time(entry.at_ms), entry.crc, *lengths)
    return head + name + extra


def directory_header(entry: Entry) -> bytes:
    """Returns an entry's part of the central directory."""
    name = entry.name.encode()
    size, offset = min(entry.size, _FULL_32), min(entry.offset, _FULL_32)
    large = [entry.size, entry.size] if size == _FULL_32 else []
    large += [entry.offset] if offset == _FULL_32 else []
    extra = pack(f"<HH{len(large)}Q", 1, 8 * len(large), *large) if large else b""
    version = _ZIP64 if large else _PLAIN
    made = pack("<IHHHH", 0x02014B50, _UNIX | version, version, _UTF_8, _STORED)
    sizes = pack("<IIII", _dos_time(entry.at_ms), entry.crc, size, size)
    return made + sizes + pack("<HHHHHII", len(name), len(extra), 0, 0, 0, _MODE, offset) + name + extra


def end_of_directory(count: int, size: int, offset: int) -> bytes:
    """Returns the end of an archive: its directory has `count` entries in `size` bytes, and begins at `offset`."""
    small = (min(count, _FULL_16), min(size, _FULL_32), min(offset, _FULL_32))
    end = pack("<IHHHHIIH", 0x06054B50, 0, 0, small[0], small[0], small[1], small[2], 0)
    if _FULL_16 != small[0] and _FULL_32 not in small[1:]:
        return end
    record = pack("<IQHHIIQQQQ", 0x06064B50, 44, _UNIX | _ZIP64, _ZIP64, 0, 0, count, count, size, offset)
    return record + pack("<IIQI", 0x07064B50, 0, offset + size, 1) + end


def _dos_time(at_ms: int) -> int:
    """Returns a time as MS-DOS counts it, to two seconds: the date in the upper 16 bits."""
    at = EPOCH + timedelta(milliseconds=at_ms)
    year = min(max(at.year, _FIRST_YEAR), _LAST_YEAR) - _FIRST_YEAR
    return (year << 9 | at.month << 5 | at.day) << 16 | at.hour << 11 | at.minute << 5 | at.second // 2
