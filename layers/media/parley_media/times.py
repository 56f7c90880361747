"""The times in a recording: a player shows them, also if there is no sound between them."""

from fractions import Fraction

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet

from parley_media.results import RefusedFile

_TOLERANCE_MS = 1_000  # encoders fill their last frame, and recorders lose some packets
_FROM_ZERO = frozenset({"audio/webm", "audio/mp4"})  # their players count from 0, others from the first packet


class Times:
    """The times of the packets, and the duration that the container claims."""

    def __init__(self, body: bytes, mime: str, container: InputContainer, max_ms: int) -> None:
        """Raises RefusedFile before anything is decoded, if the container claims more than `max_ms`."""
        self._max_ms = max_ms
        self._first: Fraction | None = Fraction(0) if mime in _FROM_ZERO else None
        self._last = Fraction(0)
        self._claimed_ms = _claimed_ms(body, container) if mime in _FROM_ZERO else 0
        self._check(self._claimed_ms)

    def add(self, packet: "Packet[AudioStream]") -> None:
        """Raises RefusedFile if the time of a packet is after the end that is allowed."""
        if packet.pts is None:
            return
        begin = packet.pts * packet.time_base
        self._first = begin if self._first is None else min(self._first, begin)
        self._last = max(self._last, begin + (packet.duration or 0) * packet.time_base)
        self._check(self._span_ms())

    def shown_ms(self, decoded_ms: int) -> int:
        """Returns the duration: that of the sound, if no time in the file is far from it."""
        shown_ms = max(self._claimed_ms, self._span_ms())
        return shown_ms if shown_ms > decoded_ms + _TOLERANCE_MS else decoded_ms

    def _span_ms(self) -> int:
        return round((self._last - (self._first or 0)) * 1000)

    def _check(self, shown_ms: int) -> None:
        if shown_ms > self._max_ms + _TOLERANCE_MS:
            raise RefusedFile("too_long")


def _claimed_ms(body: bytes, container: InputContainer) -> int:
    """Returns what the header says; of a file in fragments FFmpeg only estimates it, by a bit rate."""
    return 0 if b"moof" in body or not container.duration else container.duration * 1000 // av.time_base
