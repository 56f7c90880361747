"""Audio: decoded piece by piece, for its real duration and its waveform."""

from array import array
from collections.abc import Iterator

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from msgspec import Struct

from parley.domain.attachments.media_types import VOICE_GRACE_MS
from parley_media.containers import opened, pictures
from parley_media.results import Limits, RefusedFile
from parley_media.times import Times

PEAKS = 64
_RATE = 8_000  # samples a second, enough for a waveform
_BLOCK = 160  # samples of one loudness: 20 ms; an hour has 180,000
_QUIETEST = 328  # 1 % of full scale: the noise of an empty room is not blown up
# Of what recorders make: 8 kHz on a telephone, 192 kHz in a studio.
_MIN_RATE, _MAX_RATE, _MAX_CHANNELS = 4_000, 384_000, 8
_USUAL_RATE, _USUAL_CHANNELS = 48_000, 2
_ANY_FILE_S = 60  # a file of any size may last so long
_BROKEN_SHARE = 20  # one packet in so many may fail to decode: players skip such too


class Recording(Struct, frozen=True):
    """The facts about a recording: 64 peaks from 0 to 100, relative to its loudest parts."""

    duration_ms: int
    waveform: tuple[int, ...]


def read_recording(body: bytes, mime: str, *, voice: bool, limits: Limits) -> Recording:
    """Decodes all of it, with some 100 KB at a time in memory; raises RefusedFile for video, or if it is too long.

    The duration is that of the sound, or the longer one that a player shows by the times in the file (D-515).
    """
    max_ms = limits.voice_max_ms + VOICE_GRACE_MS if voice else limits.audio_max_ms
    with opened(body, mime) as container:
        times = Times(body, mime, container, max_ms)
        blocks = _Blocks(max_samples=_most_samples(body, max_ms, limits))
        for samples in _samples(container, _track(container), times, _Work(limits)):
            if not blocks.add(samples):
                raise RefusedFile("too_long" if blocks.duration_ms > max_ms else "decompression_bomb")
    return Recording(times.shown_ms(blocks.duration_ms), blocks.waveform())


def _most_samples(body: bytes, max_ms: int, limits: Limits) -> int:
    """Returns how much may be decoded: a file of some KB that lasts for hours is made to keep a scanner busy."""
    plausible_ms = 1000 * (_ANY_FILE_S + len(body) // limits.min_audio_bytes_per_s)
    return min(max_ms, plausible_ms) * _RATE // 1000


def _track(container: InputContainer) -> AudioStream:
    """Returns the only track: of several, players may choose another one."""
    if pictures(container):
        raise RefusedFile("type_mismatch")
    if not container.streams.audio:
        raise RefusedFile("no_audio")
    if len(container.streams.audio) > 1:
        raise RefusedFile("damaged")
    stream = container.streams.audio[0]
    stream.codec_context.thread_count = 1
    return stream


class _Work:
    """Counts what is decoded: the time goes with the samples of all channels."""

    def __init__(self, limits: Limits) -> None:
        self._left = limits.audio_max_ms // 1000 * _USUAL_RATE * _USUAL_CHANNELS

    def add(self, frame: AudioFrame) -> None:
        """Raises RefusedFile for a rate or a number of channels that no recorder has, or if all is too much."""
        channels = frame.layout.nb_channels
        if not _MIN_RATE <= frame.sample_rate <= _MAX_RATE or channels > _MAX_CHANNELS:
            raise RefusedFile("damaged")
        self._left -= frame.samples * channels
        if self._left < 0:
            raise RefusedFile("too_complex")


def _samples(container: InputContainer, stream: AudioStream, times: Times, work: _Work) -> Iterator["array[int]"]:
    """Yields mono samples of 16 bits; raises RefusedFile if more than a few packets do not decode."""
    resampler = AudioResampler(format="s16", layout="mono", rate=_RATE)
    packets = broken = 0
    for packet in container.demux(stream):
        packets += 1
        times.add(packet)
        try:
            frames = packet.decode()
        except av.InvalidDataError:
            broken += 1
            continue
        for frame in frames:
            work.add(frame)
            yield from _resampled(resampler, frame)
    yield from _resampled(resampler, None)
    if broken * _BROKEN_SHARE > packets:
        raise RefusedFile("damaged")


def _resampled(resampler: AudioResampler, frame: AudioFrame | None) -> Iterator["array[int]"]:
    for resampled in resampler.resample(frame):
        yield array("h", bytes(resampled.planes[0])[: resampled.samples * 2])


class _Blocks:
    """The loudness of a recording in steps of 20 ms."""

    def __init__(self, max_samples: int) -> None:
        self._max_samples = max_samples
        self._count = 0
        self._rest: array[int] = array("h")
        self._loudness: array[int] = array("i")

    def add(self, samples: "array[int]") -> bool:
        """Says whether that was not too much."""
        self._count += len(samples)
        if self._count > self._max_samples:
            return False
        self._rest.extend(samples)
        whole = len(self._rest) // _BLOCK * _BLOCK
        for start in range(0, whole, _BLOCK):
            self._loudness.append(_loudest(self._rest[start : start + _BLOCK]))
        del self._rest[:whole]
        return True

    @property
    def duration_ms(self) -> int:
        return max(1, self._count * 1000 // _RATE)

    def waveform(self) -> tuple[int, ...]:
        if not self._count:
            raise RefusedFile("damaged")
        if self._rest:
            self._loudness.append(_loudest(self._rest))
        return _waveform(self._loudness)


def _loudest(samples: "array[int]") -> int:
    return max(max(samples), -min(samples))


def _waveform(loudness: "array[int]") -> tuple[int, ...]:
    """Returns the loudest block of each 64th part; a short recording shows its blocks several times.

    The peak that stands for 100 is the fourth highest, because one click of an encoder would make all speech small. It
    is at least a quarter of the highest: the noise around one spoken word is not blown up.
    """
    count = len(loudness)
    starts = [number * count // PEAKS for number in range(PEAKS + 1)]
    peaks = [max(loudness[first : max(end, first + 1)]) for first, end in zip(starts, starts[1:], strict=False)]
    *_, high, _, _, highest = sorted(peaks)
    full = max(high, highest // 4, _QUIETEST)
    return tuple(min(100, round(100 * peak / full)) for peak in peaks)
