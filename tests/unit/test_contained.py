"""The process of an examination: a file can end it, and nothing more (D-444)."""

import os
from functools import cache
from io import BytesIO

import pytest
from PIL import Image

from parley_media import contained
from parley_media.contained import examine_contained
from parley_media.examine import examine
from parley_media.results import Clean, Limits, Rejected
from tests import media_files

UNCOUNTED = 10_000  # scans of a JPEG, so that the check before the decoder lets them pass


@cache
def jpeg_of_scans(count: int) -> bytes:
    """Returns a JPEG of 49 megapixels that decodes one of its scans so many times more."""
    out = BytesIO()
    Image.new("L", (7000, 7000)).save(out, "JPEG", progressive=True, optimize=True)
    body = out.getvalue()
    scans = [place for place in range(len(body) - 1) if body[place : place + 2] == b"\xff\xda"]
    scan = body[scans[1] : body.index(b"\xff", scans[1] + 2)]
    return body[: scans[1]] + scan * count + body[scans[1] :]


def found(body: bytes, mime: str, **limits: int) -> Clean | Rejected:
    return examine_contained(body, name="file", declared=mime, allowed=[mime], limits=Limits(**limits))


def code(result: Clean | Rejected) -> str:
    return result.code if isinstance(result, Rejected) else "clean"


@pytest.mark.parametrize("limit", ["max_cpu_s", "max_wall_s"])
def test_file_that_takes_too_long_is_refused(limit: str) -> None:
    body = jpeg_of_scans(2_000)

    assert code(found(body, "image/jpeg", max_jpeg_scans=UNCOUNTED, **{limit: 1})) == "too_complex"


def test_file_that_takes_too_much_memory_is_refused() -> None:
    body = media_files.saved(Image.new("RGB", (5000, 5000)), "PNG")

    assert code(found(body, "image/png", max_memory_bytes=80_000_000)) == "decompression_bomb"
    assert code(found(body, "image/png")) == "clean"


def test_jpeg_of_more_scans_than_any_program_writes_is_refused_before_it_is_decoded() -> None:
    assert code(found(jpeg_of_scans(2_000), "image/jpeg")) == "too_complex"
    assert code(found(jpeg_of_scans(10), "image/jpeg")) == "clean"


def test_answer_is_that_of_an_examination_without_a_process() -> None:
    body = media_files.saved(Image.effect_noise((400, 300), 50), "JPEG")

    apart = found(body, "image/jpeg")

    assert apart == examine(body, name="file", declared="image/jpeg", allowed=["image/jpeg"])


def test_next_file_is_examined_by_the_same_worker_though_one_has_ended_its_process() -> None:
    contained.close()
    assert code(found(jpeg_of_scans(2_000), "image/jpeg", max_jpeg_scans=UNCOUNTED, max_cpu_s=1)) == "too_complex"
    [worker] = contained._idle

    assert code(found(b"text", "text/plain")) == "clean"

    assert contained._idle == [worker]


def test_worker_that_has_ended_raises_and_the_next_file_gets_another() -> None:
    contained.close()
    found(b"text", "text/plain")
    [worker] = contained._idle
    worker.kill()

    with pytest.raises(OSError):
        found(b"text", "text/plain")

    assert code(found(b"text", "text/plain")) == "clean"


def test_worker_knows_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    contained.close()
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    found(b"text", "text/plain")
    [worker] = contained._idle

    with open(f"/proc/{worker.pid}/environ", "rb") as environment:
        names = {each.partition(b"=")[0] for each in environment.read().split(b"\0") if each}

    assert b"PYTHONPATH" in names
    assert not {name for name in names if name.startswith(b"AWS_")}


def test_no_file_of_an_examination_is_left(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    found(b"text", "text/plain")

    assert os.listdir(str(tmp_path)) == []
