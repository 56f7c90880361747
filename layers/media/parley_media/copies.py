"""Clean copies while they are written: none becomes larger than an attachment may be (D-513)."""

import io
from typing import Any

from parley_media.results import RefusedFile


class Copy(io.BytesIO):
    """The bytes of a clean copy; it stops an encoder that writes more than `max_bytes`."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__()
        self._max_bytes = max_bytes

    def write(self, data: Any, /) -> int:
        """Writes; raises RefusedFile if that is too much."""
        written = super().write(data)
        if self.tell() > self._max_bytes:
            raise RefusedFile("too_large")
        return written
