"""Audio and video files, opened with one demuxer and no way to the outside."""

import io
from collections.abc import Iterator
from contextlib import contextmanager

import av
import av.logging
from av.container import InputContainer
from av.video.stream import VideoStream

from parley_media.mp4_samples import check_sample_counts
from parley_media.results import RefusedFile

av.logging.set_level(None)  # FFmpeg would write words of the file to standard error

# One demuxer for a type. FFmpeg would otherwise guess, and a playlist names files and URLs that it would read.
_DEMUXERS = {
    "audio/webm": "matroska",
    "video/webm": "matroska",
    "audio/ogg": "ogg",
    "audio/mp4": "mov",
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "audio/mpeg": "mp3",
    "audio/aac": "aac",
    "audio/wav": "wav",
    "audio/flac": "flac",
}
# The bytes come from memory; a file that refers to others finds no protocol to open them.
_OPTIONS = {"protocol_whitelist": "none"}


@contextmanager
def opened(body: bytes, mime: str) -> Iterator[InputContainer]:
    """Yields the container; raises RefusedFile or an error of PyAV, also in the block, if it cannot be read."""
    if _DEMUXERS[mime] == "mov":
        check_sample_counts(body)
    try:
        with av.open(io.BytesIO(body), "r", format=_DEMUXERS[mime], container_options=_OPTIONS) as container:
            yield container
    except av.MemoryError:  # the file declares a table that no memory could hold
        raise RefusedFile("damaged") from None


def pictures(container: InputContainer) -> list[VideoStream]:
    """Returns the video tracks; the cover of a song is none."""
    covers = av.stream.Disposition.attached_pic
    return [stream for stream in container.streams.video if not stream.disposition & covers]
