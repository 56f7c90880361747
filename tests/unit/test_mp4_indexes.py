"""Indexes of MP4 files, whole, in fragments and compressed: each gets an answer in time, whatever it claims."""

import struct
import zlib
from collections.abc import Callable, Iterator

import pytest

from parley_media.contained import examine_contained
from parley_media.results import Clean, Limits, Rejected
from tests import media_files

FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
MANY = 30_000_000  # samples; FFmpeg takes 24 bytes for each
SECONDS = 20  # an answer later than this is `too_complex`, which no test here expects


def found(body: bytes) -> Clean | Rejected:
    limits = Limits(max_wall_s=SECONDS)
    return examine_contained(body, name="file", declared="video/mp4", allowed=["video/mp4"], limits=limits)


def code(body: bytes) -> str:
    result = found(body)
    return result.code if isinstance(result, Rejected) else "clean"


def box(kind: bytes, *content: bytes) -> bytes:
    inner = b"".join(content)
    return struct.pack(">I4s", 8 + len(inner), kind) + inner


def boxes(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yields the kind of each box at the top of a file, and the whole box."""
    start = 0
    while start < len(body):
        size, kind = struct.unpack_from(">I4s", body, start)
        yield kind, body[start : start + size]
        start += size


def fragment(samples: int, *, inside: bytes = b"traf", size_bytes: int = 1) -> bytes:
    """Returns a fragment whose samples have no entries of their own, so it is small however many it claims."""
    header = box(b"tfhd", struct.pack(">IIII", 0x020018, 1, 512, size_bytes))  # a duration and a size for all
    run = box(b"trun", struct.pack(">II", 0, samples))
    traf = box(b"traf", header, run) if inside == b"traf" else box(b"traf", header, box(inside, run))
    return box(b"moof", box(b"mfhd", struct.pack(">II", 0, 2)), traf) + box(b"mdat", bytes(64))


def with_index(change: Callable[[bytes], bytes]) -> bytes:
    """Returns a video whose index is changed."""
    return b"".join(change(whole) if kind == b"moov" else whole for kind, whole in boxes(media_files.video()))


def compressed(index: bytes, claimed_bytes: int | None = None, packed: bytes | None = None) -> bytes:
    """Returns the index as QuickTime compresses it."""
    size = struct.pack(">I", len(index) if claimed_bytes is None else claimed_bytes)
    packed = zlib.compress(index, 9) if packed is None else packed
    return box(b"moov", box(b"cmov", box(b"dcom", b"zlib"), box(b"cmvd", size, packed)))


def claiming(samples: int) -> Callable[[bytes], bytes]:
    """Returns a change that lets an index claim so many samples of one byte, in one chunk."""
    tables = {b"stsz": (1, samples), b"stsc": (1, 1, samples, 1), b"stts": (1, samples, 1024)}

    def change(index: bytes) -> bytes:
        changed = bytearray(index)
        for kind, values in tables.items():
            start = changed.index(kind) + 8
            changed[start : start + 4 * len(values)] = struct.pack(f">{len(values)}I", *values)
        return bytes(changed)

    return change


def test_video_in_fragments_is_clean() -> None:
    assert code(media_files.video(options=FRAGMENTED)) == "clean"


def test_video_with_a_compressed_index_is_read_as_the_same_without() -> None:
    packed, plain = found(with_index(compressed)), found(media_files.video())

    assert isinstance(packed, Clean) and isinstance(plain, Clean)
    assert (packed.width, packed.height, packed.duration_ms) == (plain.width, plain.height, plain.duration_ms)


def padded(index: bytes, zeros: int) -> bytes:
    """Returns an index with a long box of zeros at its end."""
    return struct.pack(">I4s", len(index) + zeros + 8, b"moov") + index[8:] + box(b"free", bytes(zeros))


BOMBS: dict[str, Callable[[], bytes]] = {
    "a fragment": lambda: media_files.video(options=FRAGMENTED) + fragment(MANY),
    "empty samples": lambda: media_files.video(options=FRAGMENTED) + fragment(MANY, size_bytes=0),
    "as many as 32 bits hold": lambda: media_files.video(options=FRAGMENTED) + fragment(2**32 - 1),
    "fragments together": lambda: media_files.video(options=FRAGMENTED) + fragment(1_000) * 500,
    "a compressed index": lambda: with_index(lambda index: compressed(claiming(MANY)(index))),
    "size of a compressed index": lambda: with_index(lambda index: compressed(index, 1_000_000_000)),
    "4 GB of a compressed index": lambda: with_index(lambda index: compressed(index, 2**32 - 1)),
    "a large compressed index": lambda: with_index(lambda index: compressed(padded(index, 100_000_000))),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_index_that_claims_too_much_is_refused_before_it_is_read(bomb: Callable[[], bytes]) -> None:
    body = bomb()
    assert len(body) < 200_000

    assert found(body) == Rejected(code="decompression_bomb")


def test_fragments_that_the_check_does_not_find_are_refused_in_time() -> None:
    hidden = media_files.video(options=FRAGMENTED) + fragment(MANY, inside=b"udta")

    assert code(hidden) in ("clean", "damaged", "decompression_bomb")


def nested(kind: bytes, depth: int) -> bytes:
    """Returns boxes of 8 bytes each, one inside the other."""
    return b"".join(struct.pack(">I4s", 8 * (depth - number), kind) for number in range(depth))


SENSELESS: dict[str, Callable[[], bytes]] = {
    "nested": lambda: with_index(lambda _: nested(b"moov", 100_000)),
    "compressed in compressed": lambda: with_index(lambda index: compressed(compressed(compressed(index)))),
    "not compressed": lambda: with_index(lambda index: compressed(index, packed=index)),
    "cut off": lambda: with_index(lambda index: compressed(index, packed=zlib.compress(index)[:-20])),
    "empty": lambda: with_index(lambda index: compressed(b"")),
    "boxes of no size": lambda: with_index(lambda _: struct.pack(">I4s", 3, b"moov") * 50_000),
    "box longer than the file": lambda: with_index(lambda index: struct.pack(">I", 2**31) + index[4:]),
    "large header of no size": lambda: with_index(lambda _: struct.pack(">I4sQ", 1, b"moov", 0) * 20_000),
    "fragment cut off": lambda: media_files.video(options=FRAGMENTED) + fragment(1)[:-80],
}


@pytest.mark.parametrize("senseless", SENSELESS.values(), ids=SENSELESS)
def test_senseless_index_has_an_answer(senseless: Callable[[], bytes]) -> None:
    assert code(senseless()) in ("clean", "damaged", "type_mismatch")


@pytest.mark.parametrize("kind", [b"free", b"moof"])
def test_file_of_many_boxes_has_an_answer(kind: bytes) -> None:
    """The most boxes that 10 MB hold; this test knows no time, because machines differ."""
    body = media_files.video() + box(kind) * 1_300_000

    result = examine_contained(body, name="file", declared="video/mp4", allowed=["video/mp4"], limits=Limits())

    assert not isinstance(result, Rejected) or result.code in ("damaged", "too_complex")
