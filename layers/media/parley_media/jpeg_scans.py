"""Counts the scans of a JPEG by its markers (ITU-T T.81, annex B), without decoding any."""

import re

# Not a marker: a byte 0xFF of the image's data is followed by 0, and restarts and fill bytes are within the data.
_MARKER = re.compile(rb"\xff([^\x00\x01\xd0-\xd8\xff])")
_END, _SCAN = 0xD9, 0xDA


def has_more_scans(body: bytes, most: int) -> bool:
    """Says whether the first image of the file has more than so many scans; a thumbnail in its metadata has none."""
    scans, position = 0, 2
    while (marker := _MARKER.search(body, position)) and marker[1][0] != _END:
        scans += marker[1][0] == _SCAN
        if scans > most:
            return True
        position = marker.end() + int.from_bytes(body[marker.end() : marker.end() + 2], "big")
    return False
