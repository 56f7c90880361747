"""Checks the index of an MP4 or QuickTime file (ISO/IEC 14496-12, 8.7.3) before FFmpeg makes a table of it."""

from collections.abc import Iterator

from parley_media.results import RefusedFile

_FOLDERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})
_LARGE_HEADER = 1  # the size follows in 8 bytes


def check_sample_counts(body: bytes) -> None:
    """Raises RefusedFile if a track claims more samples than the file has bytes: FFmpeg takes 24 bytes for each."""
    for start in _size_boxes(body, 0, len(body)):
        # One version byte, three of flags, four of the size of each sample, then the count.
        if int.from_bytes(body[start + 8 : start + 12], "big") > len(body):
            raise RefusedFile("decompression_bomb")


def _size_boxes(body: bytes, start: int, end: int) -> Iterator[int]:
    """Yields where the contents of each box with sizes of samples begin."""
    while start + 8 <= end:
        size, kind = int.from_bytes(body[start : start + 4], "big"), body[start + 4 : start + 8]
        inner = start + 8
        if size == _LARGE_HEADER:
            size, inner = int.from_bytes(body[inner : inner + 8], "big"), inner + 8
        after = min(end, start + size) if size else end  # 0: up to the end
        if kind in (b"stsz", b"stz2"):
            yield inner
        elif kind in _FOLDERS:
            yield from _size_boxes(body, inner, after)
        start = max(after, inner)
