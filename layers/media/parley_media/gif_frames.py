"""Measures a GIF by its blocks (GIF89a specification), without decoding any frame."""

from msgspec import Struct

from parley_media.results import RefusedFile

_IMAGE, _EXTENSION, _TRAILER = 0x2C, 0x21, 0x3B
_HEADER_BYTES = 13


class Measured(Struct):
    """The number of frames, and the canvas on which all of them have room: decoders enlarge it for a large frame."""

    frames: int
    width: int
    height: int


def measured(body: bytes, at_most: int) -> Measured:
    """Returns what the blocks tell; raises RefusedFile for more than `at_most` frames, or if the file ends early."""
    try:
        found = Measured(0, _number(body, 6), _number(body, 8))
        position = _HEADER_BYTES + _table_bytes(body[10])
        while (block := body[position]) != _TRAILER:
            if block == _IMAGE:
                _add_frame(found, body, position + 1)
                position += 10 + _table_bytes(body[position + 9]) + 1  # the last byte is the size of LZW codes
            elif block == _EXTENSION:
                position += 2
            else:
                raise RefusedFile("damaged")
            if found.frames > at_most:
                raise RefusedFile("too_many_frames")
            position = _after_sub_blocks(body, position)
    except IndexError:
        raise RefusedFile("damaged") from None
    return found


def _add_frame(found: Measured, body: bytes, place: int) -> None:
    """Counts a frame; `place` is that of its left, top, width and height."""
    found.frames += 1
    found.width = max(found.width, _number(body, place) + _number(body, place + 4))
    found.height = max(found.height, _number(body, place + 2) + _number(body, place + 6))


def _number(body: bytes, place: int) -> int:
    return body[place] | body[place + 1] << 8


def _table_bytes(flags: int) -> int:
    """Returns the size of the colour table that follows."""
    return 3 * 2 ** ((flags & 0x07) + 1) if flags & 0x80 else 0


def _after_sub_blocks(body: bytes, position: int) -> int:
    while size := body[position]:
        position += 1 + size
    return position + 1
