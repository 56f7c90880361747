"""Video: size, duration, and a frame as its picture. The file itself stays as it came."""

from fractions import Fraction

from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from msgspec import Struct
from PIL import Image

from parley.domain.attachments.thumbnails import THUMBNAIL_SIDE
from parley_media.containers import opened, pictures
from parley_media.previews import Preview, preview_of
from parley_media.results import Limits, RefusedFile

_POSTER_FRAMES = 30  # many videos fade in from black; the first frame with something on it is the poster
_CONTRAST = 32  # between the darkest and the brightest of 256 shades
_SIDEWAYS = (90, 270)
_LONGEST_MS = 86_400_000  # a day; a longer video of some megabytes has false times


class Video(Struct, frozen=True):
    """The facts about a video, as a player shows it: turned upright."""

    width: int
    height: int
    duration_ms: int
    preview: Preview


def read_video(body: bytes, mime: str, limits: Limits) -> Video:
    """Returns the facts; raises RefusedFile for a file without a video track, or with frames that are too large."""
    with opened(body, mime) as container:
        frame = _poster(container, _video_track(container, limits))
        rotation = frame.rotation % 360
        picture = _upright(frame, rotation)
    with opened(body, mime) as container:  # from its start again: the demuxer has passed some packets
        duration_ms = _duration_ms(container)
    size = (frame.height, frame.width) if rotation in _SIDEWAYS else (frame.width, frame.height)
    return Video(*size, duration_ms, preview_of(picture))


def _video_track(container: InputContainer, limits: Limits) -> VideoStream:
    tracks = pictures(container)
    if not tracks:
        raise RefusedFile("type_mismatch")
    context = tracks[0].codec_context
    if context.width * context.height > limits.max_video_pixels:
        raise RefusedFile("too_many_pixels")
    # A frame may have another size than the container says. More threads would each keep frames.
    context.options = {"max_pixels": str(limits.max_video_pixels)}
    context.thread_count = 1
    return tracks[0]


def _poster(container: InputContainer, track: VideoStream) -> VideoFrame:
    first: VideoFrame | None = None
    for number, frame in enumerate(container.decode(track), start=1):
        first = first or frame
        if _contrast(_small(frame)) >= _CONTRAST:
            return frame
        if number == _POSTER_FRAMES:
            break
    if first is None:
        raise RefusedFile("damaged")
    return first


def _contrast(picture: Image.Image) -> int:
    used = [shade for shade, pixels in enumerate(picture.convert("L").histogram()) if pixels]
    return used[-1] - used[0]


def _small(frame: VideoFrame) -> Image.Image:
    scale = min(1.0, THUMBNAIL_SIDE / max(frame.width, frame.height))
    width, height = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
    rgb = frame.reformat(width, height, "rgb24")
    return Image.frombuffer("RGB", (width, height), bytes(rgb.planes[0]), "raw", "RGB", rgb.planes[0].line_size, 1)


def _upright(frame: VideoFrame, rotation: int) -> Image.Image:
    picture = _small(frame)
    return picture.rotate(rotation, expand=True) if rotation else picture


def _duration_ms(container: InputContainer) -> int:
    """Returns the time from the first to the last packet's end: recorders of browsers write no duration."""
    first: Fraction | None = None
    last: Fraction | None = None
    for packet in container.demux():
        if packet.pts is not None and packet.time_base is not None:
            begin = packet.pts * packet.time_base
            end = begin + (packet.duration or 0) * packet.time_base
            first = begin if first is None else min(first, begin)
            last = end if last is None else max(last, end)
    if first is None or last is None:
        raise RefusedFile("damaged")
    milliseconds = round((last - first) * 1000)
    if not 0 <= milliseconds <= _LONGEST_MS:
        raise RefusedFile("damaged")
    return max(1, milliseconds)
