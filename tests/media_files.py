"""Small files of every kind, made for each test: nothing large or hostile is in the repository."""

import io
import math
import random
import struct
import zipfile
import zlib
from array import array
from fractions import Fraction

import av
import pillow_heif
import pypdfium2
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from PIL import Image, ImageDraw

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
OPEN_TEXT = "application/vnd.oasis.opendocument.text"
# The encoder of each type of audio: format, codec, sample rate.
RECORDERS = {
    "audio/webm": ("webm", "libopus", 48_000),
    "audio/ogg": ("ogg", "libopus", 48_000),
    "audio/mp4": ("mp4", "aac", 44_100),
    "audio/aac": ("adts", "aac", 44_100),
    "audio/mpeg": ("mp3", "libmp3lame", 44_100),
    "audio/wav": ("wav", "pcm_s16le", 16_000),
    "audio/flac": ("flac", "flac", 16_000),
}

pillow_heif.register_heif_opener()


def picture(width: int = 64, height: int = 48, colour: str = "teal") -> Image.Image:
    """Returns a picture whose corners differ: red at the top left, blue at the bottom right."""
    image = Image.new("RGB", (width, height), colour)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width // 4, height // 4), fill="red")
    draw.rectangle((width - width // 4, height - height // 4, width, height), fill="blue")
    return image


def image(format_name: str, **options: object) -> bytes:
    return saved(picture(), format_name, **options)


def saved(picture: Image.Image, format_name: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, format_name, **options)
    return out.getvalue()


def animation(format_name: str, frames: int = 5, size: tuple[int, int] = (32, 24), **options: object) -> bytes:
    """Returns an animation with a square that moves to the right, 50 ms a frame."""
    made = []
    for number in range(frames):
        frame = Image.new("RGB", size, "white")
        ImageDraw.Draw(frame).rectangle((number, 4, number + 6, 10), fill="red")
        made.append(frame)
    more = {"save_all": True, "append_images": made[1:], "duration": 50, "loop": 0, **options}
    return saved(made[0], format_name, **more)


def gif_of(frames: int, width: int = 2, height: int = 2) -> bytes:
    """Returns a GIF of many tiny frames in some 20 bytes each."""
    header = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    frame = b"," + struct.pack("<HHHHB", 0, 0, 2, 2, 0) + b"\x02\x03\x44\x02\x05\x00"
    return header + frame * frames + b";"


def optimised_gif(frames: int = 10, width: int = 240, height: int = 136) -> bytes:
    """Returns a GIF as programs optimise it: a still background, and transparent pixels for what does not change."""
    noise = Image.frombytes("RGB", (width // 4, height // 4), random.Random(1).randbytes(width * height // 16 * 3))
    background = noise.resize((width, height), Image.Resampling.BICUBIC).quantize(128)
    made = [background]
    for number in range(1, frames):
        left = 4 * number
        frame = Image.new("P", (width, height), 255)
        frame.putpalette(background.getpalette() or [])
        frame.paste(background.crop((left - 4, 8, left + 16, 28)), (left - 4, 8))
        ImageDraw.Draw(frame).ellipse((left, 8, left + 16, 24), fill=5)
        made.append(frame)
    more = {"save_all": True, "append_images": made[1:], "duration": 50, "loop": 0, "disposal": 1}
    return saved(made[0], "GIF", transparency=255, optimize=False, **more)


def gif_with_large_frame(side: int, frames: int = 2) -> bytes:
    """Returns a GIF whose canvas is one pixel, and whose later frames have so many pixels a side."""
    start = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    first = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    later = b"," + struct.pack("<HHHHB", 0, 0, side, side, 0) + b"\x02\x02\x44\x01\x00"
    return start + first + later * (frames - 1) + b";"


def png_bomb(width: int = 65_535, height: int = 65_535) -> bytes:
    """Returns a PNG of less than 1 KB that claims a size."""
    return _png_chunk(
        b"\x89PNG\r\n\x1a\n", b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    ) + _png_chunk(b"", b"IDAT", b"x\x9c\x03\x00\x00\x00\x00\x01")


def _png_chunk(before: bytes, name: bytes, content: bytes) -> bytes:
    return before + struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def recording(mime: str, seconds: float = 2.0, hertz: float = 440.0) -> bytes:
    """Returns a tone that swells from silence to its loudest at the end."""
    format_name, codec, rate = RECORDERS[mime]
    out = io.BytesIO()
    with av.open(out, "w", format=format_name) as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        assert isinstance(stream, AudioStream)
        resampler = av.AudioResampler(
            format=stream.format, layout="mono", rate=rate, frame_size=stream.frame_size or None
        )
        for frame in [*resampler.resample(_tone(seconds, hertz, rate)), *resampler.resample(None)]:
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


def tracks(format_name: str, codec: str, rate: int, *seconds: float) -> bytes:
    """Returns a recording with several tracks."""
    out = io.BytesIO()
    with av.open(out, "w", format=format_name) as container:
        streams = [container.add_stream(codec, rate=rate, layout="mono") for _ in seconds]
        for stream, length in zip(streams, seconds, strict=True):
            assert isinstance(stream, AudioStream)
            resampler = av.AudioResampler(
                format=stream.format, layout="mono", rate=rate, frame_size=stream.frame_size or None
            )
            for frame in [*resampler.resample(_tone(length, 440.0, rate)), *resampler.resample(None)]:
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return out.getvalue()


def with_gap(webm: bytes, gap_ms: int) -> bytes:
    """Returns a recording in WebM whose later half begins so much later."""
    out = io.BytesIO()
    with av.open(io.BytesIO(webm), "r") as source, av.open(out, "w", format="webm") as container:
        stream = source.streams.audio[0]
        new = container.add_stream_from_template(stream)
        packets = [packet for packet in source.demux(stream) if packet.dts is not None]
        for number, packet in enumerate(packets):
            if number >= len(packets) // 2:
                packet.pts = packet.dts = (packet.pts or 0) + gap_ms  # WebM counts in milliseconds
            packet.stream = new
            container.mux(packet)
    return out.getvalue()


def wav(rate: int = 8_000, channels: int = 1, samples: int = 16_000) -> bytes:
    """Returns a silent WAV of 16 bits."""
    size = 2 * samples * channels
    form = struct.pack("<IHHIIHH", 16, 1, channels, rate, rate * 2 * channels, 2 * channels, 16)
    return b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt " + form + b"data" + struct.pack("<I", size) + bytes(size)


def mp3_frames(rate: int) -> bytes:
    """Returns an MP3 that begins with a frame of sound: without tags."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp3", options={"id3v2_version": "0", "write_xing": "0"}) as container:
        stream = container.add_stream("libmp3lame", rate=rate, layout="mono")
        assert isinstance(stream, AudioStream)
        resampler = av.AudioResampler(format=stream.format, layout="mono", rate=rate, frame_size=stream.frame_size)
        for frame in [*resampler.resample(_tone(1.0, 440.0, rate)), *resampler.resample(None)]:
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


def _tone(seconds: float, hertz: float, rate: int) -> av.AudioFrame:
    count = round(seconds * rate)
    samples = array("h", (round(30_000 * i / count * math.sin(2 * math.pi * hertz * i / rate)) for i in range(count)))
    frame = av.AudioFrame(format="s16", layout="mono", samples=count)
    frame.planes[0].update(samples.tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
    frame.sample_rate = rate
    frame.time_base = Fraction(1, rate)
    frame.pts = 0
    return frame


def video(
    format_name: str = "mp4",
    codec: str = "libx264",
    frames: int = 30,
    black: int = 0,
    size: tuple[int, int] = (64, 48),
    options: dict[str, str] | None = None,
) -> bytes:
    """Returns a video of 30 frames a second; the first `black` ones show nothing. `options` are those of FFmpeg."""
    out = io.BytesIO()
    with av.open(out, "w", format=format_name, options=options or {}) as container:
        stream = container.add_stream(codec, rate=30)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number in range(frames):
            shown = Image.new("RGB", size) if number < black else picture(*size)
            frame = _video_frame(shown)
            frame.pts, frame.time_base = number, Fraction(1, 30)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


def _video_frame(image: Image.Image) -> av.VideoFrame:
    frame = av.VideoFrame(image.width, image.height, "rgb24")
    plane, row = frame.planes[0], image.width * 3
    pixels = image.tobytes()
    lines = (pixels[start : start + row].ljust(plane.line_size, b"\0") for start in range(0, len(pixels), row))
    plane.update(b"".join(lines))
    return frame


def turned(mp4: bytes) -> bytes:
    """Returns a video that a player turns by 90 degrees: the matrix of its track (ISO/IEC 14496-12, 8.3.2)."""
    place = mp4.index(b"tkhd") + 44
    matrix = struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)
    return mp4[:place] + matrix + mp4[place + len(matrix) :]


def pdf(pages: int = 3, width: float = 200, height: float = 300) -> bytes:
    document = pypdfium2.PdfDocument.new()
    for _ in range(pages):
        document.new_page(width, height)
    out = io.BytesIO()
    document.save(out)
    document.close()
    return out.getvalue()


def encrypted_pdf() -> bytes:
    """Returns a PDF that no empty password opens."""
    return _pdf_of(
        [
            "<</Type/Catalog/Pages 2 0 R>>",
            "<</Type/Pages/Kids[3 0 R]/Count 1>>",
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]>>",
            f"<</Filter/Standard/V 1/R 2/P -4/O <{'61' * 32}>/U <{'62' * 32}>>>",
        ],
        trailer=f"/Encrypt 4 0 R/ID[<{'63' * 16}><{'63' * 16}>]",
    )


def _pdf_of(objects: list[str], trailer: str = "") -> bytes:
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += f"{number} 0 obj{content}endobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    head = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer<</Size {size}/Root 1 0 R{trailer}>>\n"
    return body + f"{head}startxref\n{len(body)}\n%%EOF\n".encode()


_CONTENT = "application/vnd.openxmlformats-officedocument."
_MAIN_TYPES = {
    "word": f"{_CONTENT}wordprocessingml.document.main+xml",
    "xl": f"{_CONTENT}spreadsheetml.sheet.main+xml",
    "ppt": f"{_CONTENT}presentationml.presentation.main+xml",
}


def office(main: str = "word/document.xml", content_type: str | None = None, **entries: bytes) -> bytes:
    """Returns an OOXML file with more entries if wanted."""
    return zipped({**package(main, content_type), main: b"<w/>", **entries})


def package(main: str, content_type: str | None = None) -> dict[str, bytes]:
    """Returns the entries of an OOXML file that name its main part."""
    content_type = content_type or _MAIN_TYPES[main.partition("/")[0]]
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    return {
        "[Content_Types].xml": f'<Types><Override PartName="/{main}" ContentType="{content_type}"/></Types>'.encode(),
        "_rels/.rels": f'<Relationships><Relationship Type="{kind}" Target="{main}"/></Relationships>'.encode(),
    }


def zipped(entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else method)
    return out.getvalue()


def old_office(stream: str = "WordDocument") -> bytes:
    """Returns an OLE container with nothing but a directory entry of this name ([MS-CFB] 2.6)."""
    entry = f"{stream}\0".encode("utf-16-le").ljust(64, b"\0")
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0") + entry.ljust(512, b"\0")
