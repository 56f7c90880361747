"""Checks the index of an MP4 or QuickTime file (ISO/IEC 14496-12, 8.7.3, 8.8.8) before FFmpeg makes a table of it."""

import zlib
from collections.abc import Iterator

from msgspec import Struct

from parley_media.results import RefusedFile

_FOLDERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"cmov"})
_LARGE_HEADER = 1  # the size follows in 8 bytes
# The place of the count of samples in a box: after version and flags, and in two of them the size of each sample.
_COUNTS = {b"stsz": 8, b"stz2": 8, b"trun": 4}
_MAX_DEPTH = 10  # as in FFmpeg (libavformat/mov.c)
_MAX_INDEX_BYTES = 64 * 1024 * 1024  # of a compressed index: the sizes of 16 million samples


class _Box(Struct, frozen=True):
    """A box: its kind, and the place of its content."""

    kind: bytes
    start: int
    end: int


def check_sample_counts(body: bytes) -> None:
    """Raises RefusedFile if the tracks claim more samples than the file has bytes: FFmpeg takes 24 bytes for each."""
    samples = 0
    for count in _sample_counts(body, _Box(b"", 0, len(body)), _MAX_DEPTH):
        samples += count
        if samples > len(body):
            raise RefusedFile("decompression_bomb")


def _sample_counts(body: bytes, folder: _Box, depth: int) -> Iterator[int]:
    """Yields the counts of samples that the boxes of a folder claim; FFmpeg reads no deeper than `depth`."""
    for box in _boxes(body, folder):
        if box.kind in _COUNTS:
            start = box.start + _COUNTS[box.kind]
            yield int.from_bytes(body[start : start + 4], "big")
        elif box.kind == b"cmvd":
            index = _unpacked(body, box)
            yield from _sample_counts(index, _Box(b"", 0, len(index)), depth - 1) if depth else ()
        elif box.kind in _FOLDERS and depth:
            yield from _sample_counts(body, box, depth - 1)


def _boxes(body: bytes, folder: _Box) -> Iterator[_Box]:
    start = folder.start
    while start + 8 <= folder.end:
        size, inner = int.from_bytes(body[start : start + 4], "big"), start + 8
        if size == _LARGE_HEADER:
            size, inner = int.from_bytes(body[inner : inner + 8], "big"), inner + 8
        end = min(folder.end, start + size) if size else folder.end  # 0: up to the end
        yield _Box(body[start + 4 : start + 8], inner, end)
        start = max(end, inner)


def _unpacked(body: bytes, box: _Box) -> bytes:
    """Returns a compressed index (QuickTime File Format, "Compressed Movie Resources"); damaged ones as far as they go.

    FFmpeg takes the memory that the box claims before it unpacks. Raises RefusedFile if that is too much.
    """
    claimed = int.from_bytes(body[box.start : box.start + 4], "big")
    if claimed > _MAX_INDEX_BYTES:
        raise RefusedFile("decompression_bomb")
    try:
        return zlib.decompressobj().decompress(body[box.start + 4 : box.end], claimed or 1)
    except zlib.error:
        return b""
