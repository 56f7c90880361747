"""Counts the frames of a GIF by its blocks (GIF89a specification), without decoding any."""

from parley_media.results import RefusedFile

_IMAGE, _EXTENSION, _TRAILER = 0x2C, 0x21, 0x3B
_HEADER_BYTES = 13


def count_frames(body: bytes, at_most: int) -> int:
    """Returns the number of frames; raises RefusedFile for more than `at_most`, or if the file ends too early."""
    frames = 0
    position = _HEADER_BYTES + _table_bytes(body[10])
    try:
        while (block := body[position]) != _TRAILER:
            if block == _IMAGE:
                frames += 1
                position += 10 + _table_bytes(body[position + 9]) + 1  # the last byte is the size of LZW codes
            elif block == _EXTENSION:
                position += 2
            else:
                raise RefusedFile("damaged")
            if frames > at_most:
                raise RefusedFile("too_many_frames")
            position = _after_sub_blocks(body, position)
    except IndexError:
        raise RefusedFile("damaged") from None
    return frames


def _table_bytes(flags: int) -> int:
    """Returns the size of the colour table that follows."""
    return 3 * 2 ** ((flags & 0x07) + 1) if flags & 0x80 else 0


def _after_sub_blocks(body: bytes, position: int) -> int:
    while size := body[position]:
        position += 1 + size
    return position + 1
