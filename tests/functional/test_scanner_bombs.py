"""Small files that took more than the scanner has: each must be refused in time, at the first try (D-444)."""

import json
import os
import struct
import subprocess
import sys
from contextlib import suppress
from hashlib import md5
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile
from zlib import compress, compressobj

import pytest
from PIL import Image

from local.functions import Killed
from parley_media.examine import examine
from parley_media.results import Clean, Limits
from tests.functional.attachments import ask, kept, scanned, upload
from tests.functional.talk import open_direct
from tests.harness import Parley
from tests.media_files import video

ROOT = Path(__file__).parents[2]
SCANNER_MIB = 1769  # MemorySize of ScanAttachment (stacks/attachments.yaml)
ODT = "application/vnd.oasis.opendocument.text"

_EXAMINE = """
import resource, sys, time
sys.path[:0] = ["layers/media", "layers/shared"]
from parley_media import contained
from parley_media.results import Limits
mime, began = sys.argv[1], time.monotonic()
body = sys.stdin.buffer.read()
found = contained.examine_contained(body, name="file", declared=mime, allowed=[mime], limits=Limits())
contained.close()
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
print(getattr(found, "code", "clean"), peak, round(time.monotonic() - began))
"""


def examined(body: bytes, mime: str) -> tuple[str, int, int]:
    """Examines a file in a process of its own; returns the code, the peak of memory in MiB, and the seconds."""
    done = subprocess.run([sys.executable, "-c", _EXAMINE, mime], input=body, capture_output=True, cwd=ROOT, check=True)
    code, peak, seconds = done.stdout.decode().split()
    return code, int(peak), int(seconds)


def odt(method: int, mebibytes: int) -> bytes:
    """Returns an ODT whose entry `mimetype` declares 39 bytes, and unpacks to far more."""
    out = BytesIO()
    with ZipFile(out, "w", method) as archive, archive.open("mimetype", "w") as entry:
        for _ in range(mebibytes):
            entry.write(bytes(1 << 20))
    body = bytearray(out.getvalue())
    directory = body.rfind(b"PK\x01\x02")
    body[directory + 24 : directory + 28] = struct.pack("<I", 39)
    return bytes(body)


@pytest.mark.parametrize(
    ("method", "refusal"),
    [(ZIP_BZIP2, "type_mismatch"), (ZIP_DEFLATED, "decompression_bomb")],
    ids=["bzip2", "deflate"],
)
def test_mimetype_of_an_open_document_is_no_way_around_the_check_for_bombs(method: int, refusal: str) -> None:
    body = odt(method, 300)
    assert len(body) < 400_000  # with bzip2: 421 bytes

    code, peak, _ = examined(body, ODT)

    assert (code, peak < 300) == (refusal, True), (len(body), code, peak)


def pdf(mebibytes: int) -> bytes:
    """Returns a PDF whose page has three times so many MiB of spaces, compressed twice."""
    packer = compressobj(9)
    packed = b"".join(packer.compress(b" " * (1 << 20)) for _ in range(mebibytes)) + packer.flush()
    stream = compress(packed, 9)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 300]/Contents[4 0 R 4 0 R 4 0 R]>>",
        b"<</Length %d/Filter[/FlateDecode/FlateDecode]>>stream\n%s\nendstream" % (len(stream), stream),
    ]
    return pdf_file(objects)


def pdf_file(objects: list[bytes]) -> bytes:
    """Returns a PDF of these objects; the first one is its catalogue."""
    body, offsets = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % each for each in offsets)
    count = len(objects) + 1
    end = b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        count,
        table,
        count,
        len(body),
    )
    return body + end


def test_pdf_of_one_kilobyte_does_not_fill_the_scanners_memory() -> None:
    body = pdf(300)
    assert len(body) < 1_200

    code, peak, _ = examined(body, "application/pdf")

    assert peak < SCANNER_MIB, (len(body), code, peak)  # 1,850 MiB; 3,650 MiB with a file of 2 KB


def test_jpeg_of_many_scans_does_not_take_the_scanners_time() -> None:
    out = BytesIO()
    Image.new("L", (7000, 7000)).save(out, "JPEG", progressive=True, optimize=True)
    body = out.getvalue()
    scans = [place for place in range(len(body) - 1) if body[place : place + 2] == b"\xff\xda"]
    scan = body[scans[1] : body.index(b"\xff", scans[1] + 2)]
    hostile = body[: scans[1]] + scan * 2_000 + body[scans[1] :]  # 75 bytes each; 10 MB would hold 130,000

    code, _, seconds = examined(hostile, "image/jpeg")

    assert seconds < 10, (len(hostile), code, seconds)


def gif(side: int, frames: int) -> bytes:
    """Returns a GIF of noise: every second frame covers it and takes itself away again, so the noise comes back."""

    def packed(image: Image.Image) -> tuple[int, bytes, bytes]:
        out = BytesIO()
        image.save(out, "GIF")
        body = out.getvalue()
        place = 13 + 3 * 2 ** ((body[10] & 7) + 1)
        table, size = body[13:place], body[10] & 7
        return size, table, body[body.index(b"\x2c", place) + 10 : -1]

    noise = Image.frombytes("P", (side, side), os.urandom(side * side))
    noise.putpalette(os.urandom(768))
    out = BytesIO()
    noise.save(out, "GIF")
    body = out.getvalue()[:-1]
    for number in range(1, frames):
        width = side if number % 2 else 1
        cover = Image.frombytes("P", (width, width), bytes([number % 2 + 1]) * width * width)
        cover.putpalette(bytes(range(256)) * 3)
        size, table, data = packed(cover)
        body += b"\x21\xf9\x04\x0d\x04\x00\xff\x00\x2c" + struct.pack("<HHHH", 0, 0, width, width)
        body += bytes([0x80 | size]) + table + data
    return body + b"\x3b"


def test_checked_gif_is_no_larger_than_an_attachment_may_be() -> None:
    body = gif(316, 300)  # with 1,000 frames: 0.4 MB become 68 MB

    found = examine(body, name="a.gif", declared="image/gif", allowed=["image/gif"])

    assert not isinstance(found, Clean) or len(found.body) <= Limits().max_bytes, (len(body), len(found.body))


def test_gif_does_not_cheat_the_bytes_of_the_day(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPLOAD_BYTES_PER_DAY", "1000000")
    alice = parley.user("alice")
    conversation_id = open_direct(alice, parley.user("bob"))

    made = scanned(alice, conversation_id, gif(316, 300), "image/gif")

    shown = alice.get(f"/attachments/{made.id}", headers={"Accept": "application/json"}).json["attachment"]
    assert shown["size"] <= alice.get("/me").json["limits"]["attachments"]["bytes"], shown


def mp4(samples: int) -> bytes:
    """Returns a video of 2 KB whose index claims so many samples of one byte."""
    body = bytearray(video())
    for box, values in (
        (b"stsz", (1, samples)),  # each sample has one byte, so no table follows
        (b"stsc", (1, 1, samples, 1)),  # all of them in one chunk
        (b"stts", (1, samples, 1024)),
    ):
        start = body.index(box) + 8
        body[start : start + 4 * len(values)] = struct.pack(f">{len(values)}I", *values)
    return bytes(body)


def test_video_that_claims_many_samples_does_not_fill_the_scanners_memory() -> None:
    body = mp4(30_000_000)  # 32 bits hold a hundred times more
    assert len(body) < 3_000

    code, peak, _ = examined(body, "video/mp4")

    assert peak < SCANNER_MIB, (len(body), code, peak)


def pdf_of_forms(levels: int, fan: int) -> bytes:
    """Returns a PDF whose page draws a form that draws the next one `fan` times, and so on."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 300]/Resources<</XObject<</F 5 0 R>>>>/Contents 4 0 R>>",
        b"<</Length 5>>stream\n/F Do\nendstream",
    ]
    for level in range(levels):
        is_last = level == levels - 1
        drawn = b"0 0 1 1 re f" if is_last else b"/F Do " * fan
        inner = b"" if is_last else b"/Resources<</XObject<</F %d 0 R>>>>" % (6 + level)
        head = b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]%s/Length %d>>" % (inner, len(drawn))
        objects.append(head + b"stream\n" + drawn + b"\nendstream")
    return pdf_file(objects)


def test_pdf_of_nested_forms_does_not_fill_the_scanners_memory() -> None:
    body = pdf_of_forms(7, 11)  # each level more takes ten times as much
    assert len(body) < 2_000

    code, peak, _ = examined(body, "application/pdf")

    assert peak < SCANNER_MIB, (len(body), code, peak)


def test_one_form_does_not_keep_the_scanners_busy(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = parley.user("alice")
    conversation_id = open_direct(alice, parley.user("bob"))
    decoded = 0

    def dies(*_: object, **__: object) -> None:
        nonlocal decoded
        decoded += 1
        raise Killed

    monkeypatch.setattr("parley.actions.attachments.scanning.examine_contained", dies)
    asked = upload(alice, conversation_id, b"a bomb", "text/plain")
    for _ in range(19):
        assert asked.post(b"a bomb") in (200, 204)  # 1 unsent attachment and 6 bytes of the day, as before

    deliver(parley)  # 20 at once, as MaximumConcurrency lets them run; each comes back three times more

    assert asked.row["state"] == "scanning"
    assert decoded <= 4, decoded  # the unsent and the bytes of a day bound requests for uploads, not uploads


def deliver(parley: Parley, number: int = 1) -> None:
    """Hands each message of the queue to the scanner, for the `number`th time; none of them ends its process."""
    for place, body in enumerate(parley.dequeue("AttachmentScans")):
        record = {"messageId": f"m{place}", "body": body, "attributes": {"ApproximateReceiveCount": str(number)}}
        with suppress(BaseException):
            parley.functions.invoke("ScanAttachment", {"Records": [record]})


class Scans:
    """A form that was used again and again, where a virus scanner is on; `bodies` are examined, and none ends."""

    def __init__(self, parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MALWARE_SCAN", "external")
        alice = parley.user("alice")
        self.parley, self.bodies = parley, list[bytes]()
        self.upload = ask(alice, open_direct(alice, parley.user("bob")), "text/plain", 100)
        monkeypatch.setattr("parley.actions.attachments.scanning.examine_contained", self._dies)

    def _dies(self, body: bytes, **_: object) -> None:
        self.bodies.append(body)
        raise Killed

    def post(self, body: bytes) -> str:
        """Uploads a file; returns the verdict that it is clean."""
        assert self.upload.post(body) in (200, 204)
        said = {"source": "parley.scanner", "attachment_id": self.upload.id, "verdict": "clean"}
        return json.dumps({**said, "etag": md5(body).hexdigest()})

    def tell(self, *verdicts: str, number: int = 1) -> None:
        self.parley.enqueue("AttachmentScans", *verdicts)
        deliver(self.parley, number)


def test_verdicts_about_the_same_bytes_begin_one_examination(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    scans = Scans(parley, monkeypatch)
    verdicts = [scans.post(b"a bomb") for _ in range(20)]
    deliver(parley)  # what S3 tells

    scans.tell(*verdicts)

    assert scans.bodies == [b"a bomb"]
    assert scans.upload.row["state"] == "scanning"


def test_verdict_that_comes_again_is_examined_again(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    scans = Scans(parley, monkeypatch)
    verdict = scans.post(b"a bomb")
    scans.tell(verdict)

    scans.tell(verdict, number=2)
    monkeypatch.undo()
    monkeypatch.setenv("MALWARE_SCAN", "external")
    scans.tell(verdict, number=3)

    assert scans.bodies == [b"a bomb"] * 2
    assert scans.upload.row["state"] == "clean"
    assert "examined_etag" not in scans.upload.row


def test_verdict_about_other_bytes_is_examined_too(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    scans = Scans(parley, monkeypatch)
    first = scans.post(b"a bomb")
    scans.tell(first)
    second = scans.post(b"another")

    scans.tell(first, second, second)

    assert scans.bodies == [b"a bomb", b"another"]


def test_verdict_that_meets_an_attachment_that_has_ended_clears_up(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    scans = Scans(parley, monkeypatch)
    verdicts = [scans.post(b"a bomb") for _ in range(3)]
    scans.tell(verdicts[0])
    scans.tell(verdicts[1].replace("clean", "infected"))

    scans.tell(verdicts[2])

    assert scans.bodies == [b"a bomb"]
    assert (scans.upload.row["state"], kept(parley)) == ("infected", (set(), set()))
